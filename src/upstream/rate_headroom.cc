#include "sluice/upstream/rate_headroom.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "reset_time.h"
#include "sluice/http/text.h"
#include "sluice/llm/provider_error.h"

namespace sluice::upstream {
namespace {

/// One limit of a provider's, as its headers tell it: "requests", "input-tokens", "tokens-minute".
struct Limit {
  std::string_view what;
  std::optional<std::uint64_t> remaining = {};
  std::optional<std::string_view> reset = {};
  std::optional<Duration> period = {};
};

bool starts_with(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() &&
         http::equal_ignoring_case(text.substr(0, lower.size()), lower);
}
bool ends_with(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() &&
         http::equal_ignoring_case(text.substr(text.size() - lower.size()), lower);
}

enum class Field : std::uint8_t { remaining, reset, period };

std::optional<Field> field_named(std::string_view text) noexcept {
  constexpr std::string_view remaining = "remaining", reset = "reset", period = "renewalperiod";
  if (http::equal_ignoring_case(text, remaining)) return Field::remaining;
  if (http::equal_ignoring_case(text, reset)) return Field::reset;
  if (http::equal_ignoring_case(text, period)) return Field::period;
  return std::nullopt;
}

/// What follows the prefix that names of rate limits have, or nothing. Most other names have no
/// dash just there.
std::string_view behind_prefix(std::string_view name) noexcept {
  constexpr std::string_view prefixes[] = {"x-ratelimit-", "anthropic-ratelimit-", "ratelimit-"};
  for (const std::string_view prefix : prefixes) {
    if (name.size() > prefix.size() && name[prefix.size() - 1] == '-' &&
        starts_with(name, prefix)) {
      return name.substr(prefix.size());
    }
  }
  return {};
}

/// Anthropic has four; eight are more than anybody has.
class Limits {
 public:
  void take(std::string_view name, std::string_view value) noexcept;
  [[nodiscard]] std::span<const Limit> all() const noexcept { return {limits_.data(), count_}; }

 private:
  void take_field(Field field, std::string_view what, std::string_view value) noexcept;
  void take_draft(std::string_view value) noexcept;
  Limit* limit(std::string_view what) noexcept;

  std::array<Limit, 8> limits_;
  std::size_t count_ = 0;
};

Limit* Limits::limit(std::string_view what) noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    if (http::equal_ignoring_case(limits_[i].what, what)) return &limits_[i];
  }
  if (count_ == limits_.size()) return nullptr;
  limits_[count_].what = what;
  return &limits_[count_++];
}

void Limits::take_field(Field field, std::string_view what, std::string_view value) noexcept {
  const std::optional<std::uint64_t> number = http::parse_decimal(value);
  Limit* known = limit(what);
  if (known == nullptr) return;
  switch (field) {
    case Field::remaining:
      if (number) known->remaining = number;
      break;
    case Field::reset: known->reset = value; break;
    case Field::period:
      if (number) {
        constexpr std::uint64_t day_s = 86'400;
        known->period = std::chrono::seconds(std::min(*number, day_s));
      }
      break;
  }
}

// draft-ietf-httpapi-ratelimit-headers: the first policy of `"api";r=999;t=295`.
void Limits::take_draft(std::string_view value) noexcept {
  value = value.substr(0, value.find(','));
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(';'), value.size());
    const std::string_view part = http::trim_blanks(value.substr(0, end));
    if (part.starts_with("r=")) take_field(Field::remaining, "", part.substr(2));
    if (part.starts_with("t=")) take_field(Field::reset, "", part.substr(2));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
}

void Limits::take(std::string_view name, std::string_view value) noexcept {
  const std::string_view rest = behind_prefix(name);
  if (rest.empty()) {
    if (http::equal_ignoring_case(name, "ratelimit")) take_draft(value);
    return;
  }
  // The field comes first, or last: "remaining-requests", "requests-remaining".
  const std::size_t first = std::min(rest.find('-'), rest.size());
  if (const auto field = field_named(rest.substr(0, first))) {
    take_field(*field, rest.substr(std::min(first + 1, rest.size())), value);
    return;
  }
  const std::size_t last = rest.rfind('-');
  if (last == rest.npos) return;
  if (const auto field = field_named(rest.substr(last + 1))) {
    take_field(*field, rest.substr(0, last), value);
  }
}

/// Where a limit of that name belongs; null: neither requests nor tokens (OpenAI: "input-images").
std::optional<std::uint64_t>* place_of(std::string_view what, RateHeadroom& headroom) noexcept {
  if (what.empty() || starts_with(what, "req")) return &headroom.requests_remaining;
  if (starts_with(what, "tokens") || ends_with(what, "tokens")) return &headroom.tokens_remaining;
  return nullptr;
}

Limits limits_of(const http::HeaderList& headers) noexcept {
  Limits limits;
  for (const http::ReceivedHeader& header : headers) {
    // Most names are known ones, and of the others most begin otherwise.
    if (header.known != http::FieldName::other || header.name.size() < 9) continue;
    const auto first = static_cast<char>(header.name[0] | 0x20);
    if (first == 'x' || first == 'a' || first == 'r') limits.take(header.name, header.value);
  }
  return limits;
}

}  // namespace

// While there is plenty nobody asks for the reset, and reading it would be half of all the work.
RateHeadroom read_rate_headroom(const http::HeaderList& headers, WallTime now) {
  RateHeadroom headroom;
  std::optional<Duration> used_up, few;  // the longest reset of such limits
  const Limits limits = limits_of(headers);
  for (const Limit& limit : limits.all()) {
    std::optional<std::uint64_t>* const remaining = place_of(limit.what, headroom);
    if (remaining == nullptr || !limit.remaining) continue;
    *remaining = std::min(remaining->value_or(~0ULL), *limit.remaining);
    const std::uint64_t plenty =
        remaining == &headroom.requests_remaining ? RateHeadroom::requests_plenty : 1;
    if (*limit.remaining >= plenty || !limit.reset) continue;
    const std::optional<Duration> reset = parse_reset(*limit.reset, now, limit.period);
    if (!reset) continue;
    std::optional<Duration>& longest = *limit.remaining == 0 ? used_up : few;
    longest = std::max(longest.value_or(*reset), *reset);
  }
  headroom.reset = headroom.is_exhausted() ? used_up : few;
  return headroom;
}

std::optional<Duration> read_wait(const http::HeaderList& headers, WallTime now) {
  const auto value = [&](http::FieldName name) {
    return headers.value(name).value_or(std::string_view());
  };
  const auto azure = headers.value("x-ms-retry-after-ms").value_or(std::string_view());
  for (const auto& told : {llm::read_retry_after("", value(http::FieldName::retry_after_ms), now),
                           llm::read_retry_after("", azure, now),
                           llm::read_retry_after(value(http::FieldName::retry_after), "", now)}) {
    if (told && told->count() > 0) return *told;
  }
  const RateHeadroom headroom = read_rate_headroom(headers, now);
  return headroom.is_exhausted() ? headroom.reset : std::nullopt;
}

}  // namespace sluice::upstream
