#include "fallback_wishes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "member_names.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::uint64_t latency_ms_max = 86'400'000;  // a day

// One entry of `fallbacks` that is an object.
class EntryReader {
 public:
  EntryReader(std::size_t position, bool streams, WishReading& reading) noexcept
      : position_(position), streams_(streams), reading_(reading) {}

  bool read(Value entry, FallbackWish& out) {
    MemberNames names;
    std::string scratch;
    std::size_t count = 0;
    for (const json::Member member : entry.members()) {
      if (++count > override_members_max) return too_many();
      const std::string_view name = member.key.unescaped(scratch);
      names.add(name, name.data() == scratch.data());
      if (!read_member(name, member.value, out)) return false;
    }
    if (const auto twice = names.duplicate()) {
      return reading_.refuse(errors::field_duplicate(Place("fallbacks", position_, *twice).text()));
    }
    return !out.model.empty() || out.overrides ||
           reading_.invalid(Place("fallbacks", position_),
                            "must name a model, or a member to override.");
  }

 private:
  bool read_member(std::string_view name, Value value, FallbackWish& out) {
    const Place place("fallbacks", position_, name);
    if (names_what_follows(name)) {
      return reading_.invalid(place, "cannot be overridden. Name all fallbacks in one list.");
    }
    if (name == "model") return reading_.name(value, place, out.model);
    if (name == "stream" && value.boolean().value_or(false) != streams_) {
      return reading_.invalid(place, "must be what it is in the request, or be left out.");
    }
    out.overrides = true;
    return true;
  }
  bool too_many() {
    return reading_.invalid(
        Place("fallbacks", position_),
        fmt::format("must not override more than {} members.", override_members_max));
  }

  std::size_t position_;
  bool streams_;
  WishReading& reading_;
};

}  // namespace

bool names_what_follows(std::string_view member) noexcept {
  constexpr std::array<std::string_view, 4> names = {"models", "fallbacks", "fallback_config",
                                                     "route"};
  return std::ranges::find(names, member) != names.end();
}

bool read_fallback_models(Value models, const Request& request, WishReading& reading,
                          RouteWishes& wishes) {
  std::vector<std::string> names;
  if (!reading.names(models, "models", names)) return false;
  for (std::string& name : names) {
    const auto same = [&](const FallbackWish& wish) { return wish.model == name; };
    if (name == request.model || std::ranges::any_of(wishes.fallbacks, same)) continue;
    wishes.fallbacks.push_back({.model = std::move(name)});
  }
  return true;
}

bool read_fallbacks(Value fallbacks, const Request& request, WishReading& reading,
                    RouteWishes& wishes) {
  if (!reading.array(fallbacks, "fallbacks") || !reading.few_entries(fallbacks, "fallbacks")) {
    return false;
  }
  for (const Value entry : fallbacks.elements()) {
    const std::size_t position = wishes.fallbacks.size();
    FallbackWish& wish = wishes.fallbacks.emplace_back();
    if (entry.is(Kind::string)) {
      if (!reading.name(entry, Place("fallbacks", position), wish.model)) return false;
    } else if (!entry.is(Kind::object)) {
      return reading.wrong_type(Place("fallbacks", position), "a model's name or an object", entry);
    } else if (!EntryReader(position, request.stream, reading).read(entry, wish)) {
      return false;
    }
  }
  return true;
}

bool read_fallback_config(Value config, WishReading& reading, RouteWishes& wishes) {
  if (!reading.object(config, "fallback_config")) return false;
  const auto retry = given(config, "retry");
  if (retry && !reading.boolean(*retry, "fallback_config.retry", wishes.retry)) return false;
  if (const auto depth = given(config, "depth")) {
    std::optional<std::uint64_t> count;
    if (!reading.count(*depth, "fallback_config.depth", 0, fallback_depth_max, count)) return false;
    wishes.depth = static_cast<std::uint32_t>(*count);
  }
  if (const auto threshold = given(config, "latency_threshold_ms")) {
    std::optional<std::uint64_t> ms;
    if (!reading.count(*threshold, "fallback_config.latency_threshold_ms", 1, latency_ms_max, ms)) {
      return false;
    }
    wishes.latency_threshold = std::chrono::milliseconds(*ms);
  }
  return true;
}

}  // namespace sluice::llm
