#include "provider_wishes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

class Reader {
 public:
  Reader(WishReading& reading, RouteWishes& wishes) noexcept
      : reading_(reading), wishes_(wishes), provider_(wishes.provider) {}

  bool read(Value object) {
    std::string scratch;
    for (const json::Member member : object.members()) {
      if (member.value.is_null()) continue;
      const auto known = std::ranges::find(handlers, member.key.unescaped(scratch), &Handler::name);
      if (known == handlers.end()) continue;
      const auto position = static_cast<std::size_t>(known - handlers.begin());
      if (std::exchange(seen_[position], true)) {
        return reading_.refuse(errors::field_duplicate(fmt::format("provider.{}", known->name)));
      }
      if (!(this->*known->read)(member.value)) return false;
    }
    return check_no_contradiction();
  }

 private:
  struct Handler {
    std::string_view name;
    bool (Reader::*read)(Value);
  };
  static constexpr std::size_t handlers_count = 13;
  static const std::array<Handler, handlers_count> handlers;

  bool order(Value value) { return reading_.names(value, "provider.order", provider_.order); }
  bool only(Value value) { return reading_.names(value, "provider.only", provider_.only); }
  bool ignore(Value value) { return reading_.names(value, "provider.ignore", provider_.ignore); }
  bool allow_fallbacks(Value value) {
    return reading_.flag(value, "provider.allow_fallbacks", provider_.allow_fallbacks);
  }
  bool require_parameters(Value value) {
    return reading_.flag(value, "provider.require_parameters", provider_.require_parameters);
  }
  bool zdr(Value value) { return reading_.flag(value, "provider.zdr", provider_.zero_retention); }
  bool distillable(Value value) {
    return reading_.flag(value, "provider.enforce_distillable_text", provider_.distillable_only);
  }

  bool data_collection(Value value) {
    std::string word;
    if (!reading_.name(value, "provider.data_collection", word)) return false;
    provider_.deny_collection = word == "deny";
    return provider_.deny_collection || word == "allow" ||
           reading_.invalid("provider.data_collection", "must be allow or deny.");
  }

  bool quantizations(Value value) {
    std::vector<std::string> names;
    if (!reading_.names(value, "provider.quantizations", names)) return false;
    for (std::size_t position = 0; position < names.size(); ++position) {
      const auto known = parse_quantization(names[position]);
      if (!known) {
        return reading_.invalid(Place("provider.quantizations", position),
                                fmt::format("must be {}.", quantization_names()));
      }
      provider_.quantizations.add(*known);
    }
    return true;
  }

  // "price", or {"by":"price","partition":"none"}.
  bool sort(Value value) {
    if (!value.is(Kind::object)) return sort_by(value, "provider.sort");
    if (const auto by = given(value, "by"); by && !sort_by(*by, "provider.sort.by")) return false;
    const auto partition = given(value, "partition");
    if (!partition) return true;
    std::string word;
    if (!reading_.name(*partition, "provider.sort.partition", word)) return false;
    wishes_.sort_across_models = word == "none";
    return wishes_.sort_across_models || word == "model" ||
           reading_.invalid("provider.sort.partition", "must be model or none.");
  }

  bool sort_by(Value value, const Place& place) {
    if (!value.is(Kind::string)) return reading_.wrong_type(place, "a string or an object", value);
    std::string word;
    if (!reading_.name(value, place, word)) return false;
    if (word == "price") wishes_.sort = RouteSort::price;
    if (word == "throughput") wishes_.sort = RouteSort::throughput;
    if (word == "latency") wishes_.sort = RouteSort::latency;
    // OpenRouter's order of who calls tools best, made of its own benchmarks. Here nobody measures
    // that; throughput is the part of it that is known.
    if (word == "exacto") wishes_.sort = RouteSort::throughput;
    return wishes_.sort || reading_.invalid(place, "must be price, throughput, latency or exacto.");
  }

  bool throughput(Value value) {
    return percentiles(value, "provider.preferred_min_throughput", provider_.throughput_min);
  }
  bool latency(Value value) {
    return percentiles(value, "provider.preferred_max_latency", provider_.latency_s_max);
  }
  bool percentiles(Value value, std::string_view name, PercentileBounds& out) {
    if (value.is(Kind::number)) return reading_.amount(value, named(name), out.p50);
    if (!value.is(Kind::object))
      return reading_.wrong_type(named(name), "a number or an object", value);
    return amount(value, name, "p50", out.p50) && amount(value, name, "p75", out.p75) &&
           amount(value, name, "p90", out.p90) && amount(value, name, "p99", out.p99);
  }
  bool amount(Value object, std::string_view name, std::string_view member,
              std::optional<double>& out) {
    const auto value = given(object, member);
    if (!value) return true;
    return reading_.amount(*value, named(fmt::format("{}.{}", name, member)), out);
  }

  bool price_max(Value value) {
    if (!reading_.object(value, "provider.max_price")) return false;
    PriceCaps& caps = provider_.price_max;
    return price(value, "prompt", caps.prompt) && price(value, "completion", caps.completion) &&
           price(value, "request", caps.request) && price(value, "image", caps.image);
  }
  // OpenRouter lists its prices as texts, and takes them back so.
  bool price(Value caps, std::string_view member, std::optional<double>& out) {
    const auto value = given(caps, member);
    if (!value) return true;
    const std::string place = fmt::format("provider.max_price.{}", member);
    if (!value->is(Kind::string)) return reading_.amount(*value, named(place), out);
    const std::string_view text = *value->string_raw();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || !(number >= 0 && number <= wish_number_max)) {
      return reading_.invalid(named(place), "must be a price that is not negative, in US dollars.");
    }
    out = number;
    return true;
  }

  bool check_no_contradiction() {
    for (const std::string& wanted : provider_.only) {
      for (const std::string& unwanted : provider_.ignore) {
        if (!equal_ignoring_case(wanted, unwanted)) continue;
        return reading_.refuse(
            contradiction("provider.only", "provider.ignore", "Name a provider in one of them."));
      }
    }
    return true;
  }

  WishReading& reading_;
  RouteWishes& wishes_;
  ProviderWishes& provider_;
  std::array<bool, handlers_count> seen_{};
};

constexpr std::array<Reader::Handler, Reader::handlers_count> Reader::handlers = {{
    {"order", &Reader::order},
    {"only", &Reader::only},
    {"ignore", &Reader::ignore},
    {"allow_fallbacks", &Reader::allow_fallbacks},
    {"require_parameters", &Reader::require_parameters},
    {"data_collection", &Reader::data_collection},
    {"zdr", &Reader::zdr},
    {"enforce_distillable_text", &Reader::distillable},
    {"quantizations", &Reader::quantizations},
    {"sort", &Reader::sort},
    {"preferred_min_throughput", &Reader::throughput},
    {"preferred_max_latency", &Reader::latency},
    {"max_price", &Reader::price_max},
}};

}  // namespace

bool read_provider_wishes(Value provider, WishReading& reading, RouteWishes& wishes) {
  return reading.object(provider, "provider") && Reader(reading, wishes).read(provider);
}

}  // namespace sluice::llm
