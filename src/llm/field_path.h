// The place of a value in a request, for messages: "messages.0.content.1.source". Links on the
// stack, so that a path costs nothing until an error spells it.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::llm {

class FieldPath {
 public:
  FieldPath() = default;  // the top
  /// Lifetime: `parent` and `name` outlive the path.
  FieldPath(const FieldPath& parent, std::string_view name) noexcept
      : parent_(&parent), name_(name) {}
  FieldPath(const FieldPath& parent, std::size_t index) noexcept
      : parent_(&parent), index_(index) {}
  FieldPath(const FieldPath&) = delete;
  FieldPath& operator=(const FieldPath&) = delete;

  [[nodiscard]] std::string text() const {
    if (parent_ == nullptr) return {};
    std::string out = parent_->text();
    if (!out.empty()) out += '.';
    return name_.empty() ? out + std::to_string(index_) : out.append(name_);
  }

 private:
  const FieldPath* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = 0;
};

}  // namespace sluice::llm
