#include "wish_members.h"

#include <algorithm>
#include <utility>

#include "fallback_wishes.h"
#include "provider_wishes.h"
#include "wish_reading.h"

namespace sluice::llm {

using json::Kind;
using json::Value;

constexpr std::array<std::string_view, WishMembers::members_count> WishMembers::names = {
    "provider", "models",       "route",         "fallbacks",  "fallback_config",
    "routing",  "model_region", "stream_rescue", "session_id", "prompt_cache_key"};

void WishMembers::offer(std::string_view name, Value value) noexcept {
  const auto known = std::ranges::find(names, name);
  if (known == names.end() || value.is_null()) return;
  values_[static_cast<std::size_t>(known - names.begin())] = value;
  any_ = true;
}

std::optional<Value> WishMembers::first_model() const noexcept {
  if (!values_[models]) return std::nullopt;
  for (const Value model : values_[models]->elements()) {
    return model.is(Kind::string) ? std::optional(model) : std::nullopt;
  }
  return std::nullopt;
}

bool WishMembers::says_something() const noexcept {
  return std::any_of(values_.begin(), values_.begin() + session_id,
                     [](const std::optional<Value>& value) { return value.has_value(); });
}

class WishMembersReader {
 public:
  explicit WishMembersReader(const WishMembers& members) noexcept : members_(members) {}

  std::optional<ApiError> read(Request& request) {
    if (!read_session(request)) return reading_.take_error();
    if (!members_.says_something()) return std::nullopt;
    auto wishes = std::make_unique<RouteWishes>();
    if (!read_wishes(request, *wishes)) return reading_.take_error();
    // An empty list, a default that is spelled: nothing is said after all.
    if (*wishes != RouteWishes()) request.wishes = std::move(wishes);
    return std::nullopt;
  }

 private:
  using M = WishMembers;

  const std::optional<Value>& at(M::Member member) const { return members_.values_[member]; }

  bool read_session(Request& request) {
    if (at(M::session_id)) return reading_.name(*at(M::session_id), "session_id", request.session);
    const std::optional<Value>& key = at(M::prompt_cache_key);
    // A provider's own member: whether it is well said is the provider's to judge.
    if (!key || !key->is(Kind::string)) return true;
    if (key->string_raw()->size() <= wish_name_bytes_max) request.session = *key->string();
    return true;
  }

  bool read_wishes(const Request& request, RouteWishes& wishes) {
    const auto& given = members_.values_;
    return (!given[M::provider] || read_provider_wishes(*given[M::provider], reading_, wishes)) &&
           read_fallback_members(request, wishes) &&
           (!given[M::route] || read_route(*given[M::route], wishes)) &&
           (!given[M::routing] || read_routing(*given[M::routing], wishes)) &&
           (!given[M::model_region] || read_region(*given[M::model_region], wishes)) &&
           (!given[M::stream_rescue] ||
            reading_.boolean(*given[M::stream_rescue], "stream_rescue", wishes.stream_rescue));
  }

  bool read_fallback_members(const Request& request, RouteWishes& wishes) {
    const std::optional<Value>& models = at(M::models);
    const std::optional<Value>& fallbacks = at(M::fallbacks);
    const std::optional<Value>& config = at(M::fallback_config);
    if (models && fallbacks) {
      return reading_.refuse(contradiction("models", "fallbacks", "Name all models in one list."));
    }
    if (models && !read_fallback_models(*models, request, reading_, wishes)) return false;
    if (fallbacks && !read_fallbacks(*fallbacks, request, reading_, wishes)) return false;
    if (!wishes.provider.allow_fallbacks && fallbacks && !wishes.fallbacks.empty()) {
      return reading_.refuse(
          contradiction("fallbacks", "provider.allow_fallbacks", "Leave one of them out."));
    }
    // Callers of the Messages dialect know one list, and OpenRouter serves it like `models`.
    wishes.fallbacks_on_any_error =
        !wishes.fallbacks.empty() && (models || request.operation == Operation::messages);
    return !config || read_fallback_config(*config, reading_, wishes);
  }

  // Deprecated, and what everybody has who says nothing; but `sort` is for all models together.
  bool read_route(Value value, RouteWishes& wishes) {
    std::string word;
    if (!reading_.name(value, "route", word)) return false;
    if (word == "sort") wishes.sort_across_models = true;
    return word == "sort" || word == "fallback" ||
           reading_.invalid("route", "must be fallback or sort.");
  }

  bool read_routing(Value value, RouteWishes& wishes) {
    std::string word;
    if (!reading_.name(value, "routing", word)) return false;
    if (word == "auto") return true;
    const std::optional<RouteSort> sort = parse_route_sort(word);
    if (!sort) {
      return reading_.invalid(
          "routing", "must be auto, price, throughput, latency, order, weighted or score.");
    }
    if (wishes.sort && *wishes.sort != *sort) {
      return reading_.refuse(
          contradiction("routing", "provider.sort", "Say in one of them what comes first."));
    }
    wishes.sort = sort;
    return true;
  }

  bool read_region(Value value, RouteWishes& wishes) {
    std::string region;
    if (!reading_.name(value, "model_region", region)) return false;
    wishes.region = lower_case(region);
    return true;
  }

  const WishMembers& members_;
  WishReading reading_;
};

std::optional<ApiError> WishMembers::read(Request& request) const {
  return any_ ? WishMembersReader(*this).read(request) : std::nullopt;
}

}  // namespace sluice::llm
