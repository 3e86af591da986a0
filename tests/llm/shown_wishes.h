// Wishes in one line of text, what is not said left out: for tables of tests.
#pragma once
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

#include "sluice/llm/request.h"

namespace sluice::llm::testing {

inline void show_amount(std::string& out, std::string_view name, std::optional<double> amount) {
  if (amount) out += fmt::format(" {}={}", name, *amount);
}

inline void show_bounds(std::string& out, std::string_view name, const PercentileBounds& bounds) {
  if (!bounds.any()) return;
  out += fmt::format(" {}:", name);
  show_amount(out, "p50", bounds.p50);
  show_amount(out, "p75", bounds.p75);
  show_amount(out, "p90", bounds.p90);
  show_amount(out, "p99", bounds.p99);
}

inline void show_names(std::string& out, std::string_view name,
                       const std::vector<std::string>& names) {
  if (!names.empty()) out += fmt::format(" {}={}", name, fmt::join(names, ","));
}

inline void show_flag(std::string& out, std::string_view name, bool flag) {
  if (flag) out += fmt::format(" {}", name);
}

inline void show_provider(std::string& out, const ProviderWishes& provider) {
  show_names(out, "order", provider.order);
  show_names(out, "only", provider.only);
  show_names(out, "ignore", provider.ignore);
  show_flag(out, "first_only", !provider.allow_fallbacks);
  show_flag(out, "all_parameters", provider.require_parameters);
  show_flag(out, "no_collection", provider.deny_collection);
  show_flag(out, "zdr", provider.zero_retention);
  show_flag(out, "distillable", provider.distillable_only);
  for (std::size_t n = 0; n < quantization_count; ++n) {
    const auto quantization = static_cast<Quantization>(n);
    show_flag(out, to_string(quantization), provider.quantizations.contains(quantization));
  }
  show_bounds(out, "rate", provider.throughput_min);
  show_bounds(out, "latency", provider.latency_s_max);
  show_amount(out, "prompt", provider.price_max.prompt);
  show_amount(out, "completion", provider.price_max.completion);
  show_amount(out, "request", provider.price_max.request);
  show_amount(out, "image", provider.price_max.image);
}

inline std::string shown_wishes(const RouteWishes& wishes) {
  std::string out;
  show_provider(out, wishes.provider);
  if (wishes.sort) out += fmt::format(" sort={}", to_string(*wishes.sort));
  show_flag(out, "across_models", wishes.sort_across_models);
  for (const FallbackWish& fallback : wishes.fallbacks) {
    out += fmt::format(" then {}{}", fallback.model, fallback.overrides ? "+" : "");
  }
  show_flag(out, "on_any_error", wishes.fallbacks_on_any_error);
  if (wishes.retry) out += fmt::format(" retry={}", *wishes.retry);
  if (wishes.depth) out += fmt::format(" depth={}", *wishes.depth);
  if (wishes.latency_threshold) out += fmt::format(" slow={}", wishes.latency_threshold->count());
  if (!wishes.region.empty()) out += fmt::format(" in {}", wishes.region);
  if (wishes.stream_rescue) out += fmt::format(" rescue={}", *wishes.stream_rescue);
  show_flag(out, "no_fallback", wishes.no_fallback);
  show_flag(out, "no_hedge", wishes.no_hedge);
  show_flag(out, "shows_routing", wishes.shows_routing);
  if (wishes.timeout) out += fmt::format(" timeout={}", wishes.timeout->count());
  return out.empty() ? out : out.substr(1);
}

/// What is said of the whole: the wishes, or the error's param behind "refused: ".
inline std::string shown_wishes(const std::expected<Request, ApiError>& request) {
  if (!request) return "refused: " + request.error().param;
  return request->wishes == nullptr ? "" : shown_wishes(*request->wishes);
}

}  // namespace sluice::llm::testing
