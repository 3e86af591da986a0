// What will happen, by virtual time: a binary heap of small events.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/base/clock.h"

namespace sluice::ring::sim {

/// When something happens. `tie` orders what happens in the same nanosecond.
struct Moment {
  MonotonicTime time{};
  std::uint64_t tie = 0;
  friend auto operator<=>(const Moment&, const Moment&) = default;
};

enum class EventKind : std::uint8_t {
  completion,   // index: completion
  arrival,      // index: receiving socket; value: position up to which bytes are there
  end,          // index: receiving socket; the peer's FIN
  reset,        // index: socket that learns of it
  acknowledge,  // index: receiving socket; its peer learns what was read
  send_more,    // index: sending socket; it goes on after a pause
  ask,          // index: connecting socket; its SYN reaches the listener. value: tries before
  answer,       // index: connecting socket; value: 0 or errno
  offer,        // index: accepted socket; it enters the listener's backlog
  cancel,       // index: operation; a cancel that came late
};

struct SimEvent {
  Moment moment;
  std::uint64_t value = 0;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // of the socket or operation at `index`: else the event is void
  EventKind kind = EventKind::completion;
};

class EventQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] MonotonicTime next_time() const noexcept { return heap_.front().moment.time; }
  void push(const SimEvent& event) {
    heap_.push_back(event);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  SimEvent pop() {
    SLUICE_ASSERT(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const SimEvent event = heap_.back();
    heap_.pop_back();
    return event;
  }

 private:
  static bool later(const SimEvent& a, const SimEvent& b) noexcept { return b.moment < a.moment; }
  std::vector<SimEvent> heap_;
};

}  // namespace sluice::ring::sim
