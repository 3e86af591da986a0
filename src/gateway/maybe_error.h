// An error, or none as a rule, in the size of a pointer.
//
// Objects and frames that last as long as a stream have room for errors that hardly ever come, and
// an error takes two hundred bytes: those of an exchange were a third of its memory.
#pragma once
#include <memory>
#include <optional>
#include <utility>

#include "sluice/llm/api_error.h"

namespace sluice::gateway {

/// To be used as a std::optional<llm::ApiError>, which it can be made of; but empty once moved
/// from.
class MaybeError {
 public:
  MaybeError() noexcept = default;
  MaybeError(std::nullopt_t) noexcept {}  // NOLINT: converts, as an optional does
  MaybeError(llm::ApiError error)         // NOLINT: the same
      : error_(std::make_unique<llm::ApiError>(std::move(error))) {}
  MaybeError(std::optional<llm::ApiError> error) {  // NOLINT: the same
    if (error) error_ = std::make_unique<llm::ApiError>(std::move(*error));
  }

  [[nodiscard]] explicit operator bool() const noexcept { return error_ != nullptr; }
  [[nodiscard]] llm::ApiError& operator*() noexcept { return *error_; }
  [[nodiscard]] const llm::ApiError& operator*() const noexcept { return *error_; }
  [[nodiscard]] const llm::ApiError* operator->() const noexcept { return error_.get(); }
  /// Null when there is none.
  [[nodiscard]] const llm::ApiError* get() const noexcept { return error_.get(); }

 private:
  std::unique_ptr<llm::ApiError> error_;
};

}  // namespace sluice::gateway
