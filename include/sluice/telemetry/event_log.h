// Lines for the operator: what the gateway did or could not do, as logfmt on one line.
//
//   2026-01-02T03:04:05.678Z warn "configuration not reloaded" file=/etc/sluice/sluice.toml line=7
//
// Pure formatting; where the line goes is the caller's affair. A Secret has no way in: values are
// text and numbers only.
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/error.h"

namespace sluice::telemetry {

enum class EventLevel : std::uint8_t { debug, info, warn, error };
[[nodiscard]] std::string_view to_string(EventLevel level) noexcept;

/// Builds one line at the end of `out`, which must outlive it; the destructor ends the line.
///
///   EventLine(out, now, EventLevel::info, "listening").add("address", text).add("workers", 4);
class EventLine {
 public:
  EventLine(std::string& out, WallTime now, EventLevel level, std::string_view message);
  EventLine(const EventLine&) = delete;
  EventLine& operator=(const EventLine&) = delete;
  ~EventLine();

  /// `key` is a snake_case name of ours. Text is quoted where it holds blanks or quotes, control
  /// bytes and broken UTF-8 are escaped, so that no value can forge a line.
  EventLine& add(std::string_view key, std::string_view value);
  EventLine& add(std::string_view key, const char* value) {
    return add(key, std::string_view(value));
  }
  EventLine& add(std::string_view key, bool value);
  template <std::integral Number>
  EventLine& add(std::string_view key, Number value) {
    if constexpr (std::signed_integral<Number>) {
      return add_signed(key, value);
    } else {
      return add_unsigned(key, value);
    }
  }
  /// kind, fault, what and, when there is one, errno with its text.
  EventLine& add(const Error& error);

 private:
  EventLine& add_signed(std::string_view key, std::int64_t value);
  EventLine& add_unsigned(std::string_view key, std::uint64_t value);

  std::string& out_;
};

}  // namespace sluice::telemetry
