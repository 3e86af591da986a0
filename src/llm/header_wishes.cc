#include "sluice/llm/header_wishes.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "wish_reading.h"

namespace sluice::llm {
namespace {

constexpr double timeout_s_max = 86'400;  // a day

// Of an empty value nothing is known, so it is as if the field were not there.
std::string_view trimmed(std::string_view value) noexcept {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

}  // namespace

void HeaderWishes::refuse(ApiError error) {
  if (!error_) error_ = std::make_unique<const ApiError>(std::move(error));
}

void HeaderWishes::add(std::string_view name, std::string_view value) {
  // All of them begin with one of two letters, and few others do.
  if (name.empty() || ((name[0] | 0x20) != 'x' && (name[0] | 0x20) != 's')) return;
  const auto is = [name](std::string_view known) { return equal_ignoring_case(name, known); };
  value = trimmed(value);
  if (value.empty()) return;
  if (is("x-session-id")) {
    take_session(SessionRank::session, name, value);
  } else if (is("x-session-affinity")) {
    take_session(SessionRank::affinity, name, value);
  } else if (is("session_id") || is("session-id")) {
    take_session(SessionRank::session_id, name, value);
  } else if (is("x-sluice-region") || is("x-llmgateway-data-residency")) {
    take_region(name, value);
  } else if (is("x-request-timeout")) {
    take_timeout(value);
  } else if (is("x-no-fallback")) {
    take_word(name, value, "true", "false", no_fallback_);
  } else if (is("x-sluice-hedge")) {
    take_word(name, value, "off", "on", no_hedge_);
  } else if (is("x-sluice-metadata")) {
    take_word(name, value, "routing", "none", shows_routing_);
  }
}

void HeaderWishes::take_word(std::string_view name, std::string_view value, std::string_view on,
                             std::string_view off, bool& out) {
  out = equal_ignoring_case(value, on);
  any_ = any_ || out;
  if (out || equal_ignoring_case(value, off)) return;
  refuse(errors::field_invalid(name, fmt::format("'{}' must be {} or {}.", name, on, off)));
}

void HeaderWishes::take_session(SessionRank rank, std::string_view name, std::string_view value) {
  if (value.size() > wish_name_bytes_max) {
    refuse(errors::field_invalid(
        name, fmt::format("'{}' must not be longer than {} bytes.", name, wish_name_bytes_max)));
  }
  any_ = true;
  if (session_rank_ != SessionRank::none && session_rank_ <= rank) return;
  session_rank_ = rank;
  session_ = value;
}

void HeaderWishes::take_region(std::string_view name, std::string_view value) {
  if (value.size() > wish_name_bytes_max) {
    refuse(errors::field_invalid(
        name, fmt::format("'{}' must not be longer than {} bytes.", name, wish_name_bytes_max)));
  } else if (!region_.empty() && !equal_ignoring_case(region_, value)) {
    refuse(contradiction(name, region_name_, "Name one region."));
  }
  any_ = true;
  region_ = value;
  region_name_ = name;
}

void HeaderWishes::take_timeout(std::string_view value) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(value.data() + value.size() - end));
  const double seconds = unit == "ms" ? number / 1'000 : number;
  const bool known = unit.empty() || unit == "s" || unit == "ms";
  // Less than a millisecond would be none at all.
  if (error != std::errc() || !known || !(seconds >= 0.001 && seconds <= timeout_s_max)) {
    return refuse(errors::field_invalid(
        "x-request-timeout",
        "'x-request-timeout' must be a number of seconds above 0 and at most a day, such as 30, "
        "30s or 1500ms."));
  }
  any_ = true;
  timeout_ = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1'000));
}

std::optional<ApiError> HeaderWishes::contradiction_with(const RouteWishes& wishes) const {
  if (no_fallback_ && !wishes.fallbacks.empty()) {
    return contradiction("x-no-fallback", wishes.fallbacks_on_any_error ? "models" : "fallbacks",
                         "Leave one of them out.");
  }
  if (!region_.empty() && !wishes.region.empty() && !equal_ignoring_case(region_, wishes.region)) {
    return contradiction(region_name_, "model_region", "Name one region.");
  }
  return std::nullopt;
}

std::optional<ApiError> HeaderWishes::join(Request& request) const {
  if (error_) return *error_;
  if (!any_) return std::nullopt;
  if (!session_.empty()) request.session = session_;
  auto wishes = request.wishes ? std::make_unique<RouteWishes>(*request.wishes)
                               : std::make_unique<RouteWishes>();
  if (auto refused = contradiction_with(*wishes)) return refused;
  if (!region_.empty()) wishes->region = lower_case(region_);
  wishes->no_fallback = no_fallback_;
  wishes->no_hedge = no_hedge_;
  wishes->shows_routing = shows_routing_;
  wishes->timeout = timeout_;
  if (*wishes != RouteWishes()) request.wishes = std::move(wishes);
  return std::nullopt;
}

}  // namespace sluice::llm
