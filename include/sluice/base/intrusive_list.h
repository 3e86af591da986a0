// A doubly linked list whose links live in the elements: no allocation, O(1) removal by element.
//
// An element is in one list at a time and leaves it when destroyed. The list owns nothing; when the
// list goes, its elements must have left it.
#pragma once
#include "sluice/base/assert.h"

namespace sluice {

class IntrusiveLink {
 public:
  IntrusiveLink() noexcept : previous_(this), next_(this) {}
  IntrusiveLink(const IntrusiveLink&) = delete;
  IntrusiveLink& operator=(const IntrusiveLink&) = delete;
  ~IntrusiveLink() { unlink(); }

  [[nodiscard]] bool is_linked() const noexcept { return next_ != this; }
  void unlink() noexcept {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = this;
  }

 private:
  template <typename T>
  friend class IntrusiveList;
  void insert_before(IntrusiveLink& position) noexcept {
    SLUICE_ASSERT(!is_linked());
    previous_ = position.previous_;
    next_ = &position;
    previous_->next_ = this;
    position.previous_ = this;
  }
  IntrusiveLink* previous_;
  IntrusiveLink* next_;
};

/// T derives from IntrusiveLink.
template <typename T>
class IntrusiveList {
 public:
  IntrusiveList() noexcept = default;
  ~IntrusiveList() { SLUICE_ASSERT(empty()); }

  [[nodiscard]] bool empty() const noexcept { return !head_.is_linked(); }
  void push_back(T& element) noexcept { link_of(element).insert_before(head_); }
  void push_front(T& element) noexcept { link_of(element).insert_before(*head_.next_); }
  [[nodiscard]] T& front() noexcept {
    SLUICE_ASSERT(!empty());
    return static_cast<T&>(*head_.next_);
  }
  [[nodiscard]] T& back() noexcept {
    SLUICE_ASSERT(!empty());
    return static_cast<T&>(*head_.previous_);
  }
  T& pop_front() noexcept {
    T& element = front();
    link_of(element).unlink();
    return element;
  }
  T& pop_back() noexcept {
    T& element = back();
    link_of(element).unlink();
    return element;
  }
  /// Moves every element of `other` behind this list's own.
  void splice_back(IntrusiveList& other) noexcept {
    while (!other.empty()) push_back(other.pop_front());
  }

 private:
  static IntrusiveLink& link_of(T& element) noexcept { return element; }
  IntrusiveLink head_;
};

}  // namespace sluice
