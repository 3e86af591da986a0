// Mailbox: messages from one thread to the core that owns a loop.
//
//   sender: post()  -->  [ SpscQueue ]  --wake()-->  owner: take() once per turn
//
// One sender, one owner. Posting never blocks on the owner; a full mailbox refuses. The owner
// attaches its back-end while it runs and leaves before the back-end goes: a message posted
// outside that span waits in the queue, so a sender needs to know nothing of the owner's life.
#pragma once
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "sluice/base/spsc_queue.h"
#include "sluice/ring/backend.h"

namespace sluice::ring {

template <typename T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t capacity) : queue_(capacity) {}

  /// Moves `message` in and ends the owner's wait. False: full, and `message` is untouched. The
  /// sender only.
  [[nodiscard]] bool post(T&& message) {
    if (!queue_.try_push(std::move(message))) return false;
    const std::lock_guard lock(mutex_);
    if (backend_ != nullptr) backend_->wake();
    return true;
  }

  /// The owner only, as is all below. Lifetime: `backend` outlives the attachment.
  void attach(Backend& backend) noexcept {
    const std::lock_guard lock(mutex_);
    backend_ = &backend;
  }
  /// No wake() is under way when this returns, and none follows.
  void leave() noexcept {
    const std::lock_guard lock(mutex_);
    backend_ = nullptr;
  }
  /// The oldest message, or nothing; an empty mailbox costs one load.
  [[nodiscard]] std::optional<T> take() { return queue_.try_pop(); }

 private:
  SpscQueue<T> queue_;
  std::mutex mutex_;  // of control messages, never on the data path; held for one write()
  Backend* backend_ = nullptr;
};

}  // namespace sluice::ring
