// One operation given to a back-end: who is told when it completes.
//
//   idle --submitted--> in flight --completion with `more`--> in flight
//                          |---------final completion-------> idle
//
// A cancel is a request: the operation stays in flight, and its memory stays put, until the final
// completion, which may also report success. An Operation may be destroyed only while idle.
#pragma once
#include <cstdint>

#include "sluice/base/assert.h"
#include "sluice/base/intrusive_list.h"
#include "sluice/base/slice.h"

namespace sluice::ring {

/// What a back-end reports of an operation.
struct Completion {
  std::int32_t result = 0;  // bytes, a descriptor or a poll mask; negative: -errno
  bool more = false;        // the operation stays in flight and will report again (multishot)
  Slice bytes;              // receives: what arrived, leased; `result` is its size
};

class Operation : public IntrusiveLink {  // the link is the back-end's, while in flight
 public:
  Operation() noexcept = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  [[nodiscard]] bool in_flight() const noexcept { return in_flight_; }

  // For back-ends only.
  void mark_submitted(bool yields_descriptors = false) noexcept {
    SLUICE_ASSERT(!in_flight_);
    in_flight_ = true;
    yields_descriptors_ = yields_descriptors;
  }
  /// Whether a result that is not negative is a new descriptor (accept).
  [[nodiscard]] bool yields_descriptors() const noexcept { return yields_descriptors_; }
  /// Delivers one completion; called from the loop's turn, never inside a submit.
  void deliver(Completion completion) noexcept {
    SLUICE_ASSERT(in_flight_);
    in_flight_ = completion.more;
    complete(std::move(completion));
  }

 protected:
  ~Operation() { SLUICE_ASSERT(!in_flight_); }
  /// Must not resume a coroutine: it records, and schedules. It may submit operations, and may
  /// destroy this object when the completion was final.
  virtual void complete(Completion completion) noexcept = 0;

 private:
  bool in_flight_ = false;
  bool yields_descriptors_ = false;
};

}  // namespace sluice::ring
