// What a request says about its own routing: which providers, in which order, at what price, where,
// and what is to be done when the first choice fails.
//
//   body     `provider`, `models`, `route` (OpenRouter), `fallbacks`, `fallback_config`,
//            `model_region` (AssemblyAI), `routing` (LLM Gateway), `stream_rescue` (ours)
//   headers  X-No-Fallback, x-sluice-region, ...   (header_wishes.h)
//
// The members are read in the one pass over the top of a body that understands it, in both callers'
// dialects alike, and none of them reaches a provider. Wishes are what the caller would have; whom
// the operator lets serve is decided elsewhere, and never widened by a wish.
//
// Read wrong, a wish may send data where it must not go: so a wrong type, a name that is none and
// two members that contradict each other are a 400 that names them. Unknown members of `provider`
// alone are ignored, as OpenRouter does.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/llm/api_error.h"
#include "sluice/llm/quantization.h"

namespace sluice::llm {

// Bounds of what one request may say.
inline constexpr std::size_t wish_entries_max = 32;      // of a list
inline constexpr std::size_t wish_name_bytes_max = 512;  // of a name, an identifier
inline constexpr std::size_t override_members_max = 64;  // of an entry of `fallbacks`
inline constexpr std::uint32_t fallback_depth_max = 8;   // of fallback_config.depth
inline constexpr double wish_number_max = 1e12;          // prices, rates and spans of time

/// By which rule the deployments are put in order: route/policy.h says what each means.
enum class RouteSort : std::uint8_t { order, weighted, score, price, latency, throughput };
inline constexpr std::size_t route_sort_count = 6;
[[nodiscard]] std::string_view to_string(RouteSort sort) noexcept;
/// Nothing when the name is none of them.
[[nodiscard]] std::optional<RouteSort> parse_route_sort(std::string_view name) noexcept;

/// A bound for one or several percentiles of what was measured; a bare number is for the p50.
struct PercentileBounds {
  std::optional<double> p50, p75, p90, p99;

  [[nodiscard]] bool any() const noexcept { return p50 || p75 || p90 || p99; }
  friend bool operator==(const PercentileBounds&, const PercentileBounds&) = default;
};

/// The most a caller is willing to pay, in US dollars; what costs more is not asked.
struct PriceCaps {
  std::optional<double> prompt, completion;  // per million tokens
  std::optional<double> request, image;      // for each one

  [[nodiscard]] bool any() const noexcept { return prompt || completion || request || image; }
  friend bool operator==(const PriceCaps&, const PriceCaps&) = default;
};

/// The `provider` member. Names of providers are as the caller wrote them, lower case.
struct ProviderWishes {
  std::vector<std::string> order;   // these first, as they stand here
  std::vector<std::string> only;    // none but these; empty: any
  std::vector<std::string> ignore;  // never these
  bool allow_fallbacks = true;      // false: the first choice or an error
  bool require_parameters = false;  // who would not get all of them is not asked
  bool deny_collection = false;     // data_collection "deny": no one who trains on or keeps it
  bool zero_retention = false;      // zdr
  bool distillable_only = false;    // enforce_distillable_text
  Quantizations quantizations;      // empty: any
  PercentileBounds throughput_min;  // tokens per second; who is below comes later
  PercentileBounds latency_s_max;   // to first content; who is above comes later
  PriceCaps price_max;
  friend bool operator==(const ProviderWishes&, const ProviderWishes&) = default;
};

/// Another request to make when the one before it failed.
struct FallbackWish {
  std::string model;       // empty: the request's own
  bool overrides = false;  // says more than the model: override_members.h makes its body
  friend bool operator==(const FallbackWish&, const FallbackWish&) = default;
};

struct RouteWishes {
  ProviderWishes provider;
  std::optional<RouteSort> sort;  // `provider.sort`, `routing`; exacto is throughput
  /// All models' deployments are put into one order, and not one model's before the next one's:
  /// provider.sort.partition "none", route "sort".
  bool sort_across_models = false;

  /// `models` without the one that is asked for anyway, or `fallbacks`, in their order.
  std::vector<FallbackWish> fallbacks;
  bool fallbacks_on_any_error =
      false;                           // `models`; otherwise not on one that is the request's fault
  std::optional<bool> retry;           // fallback_config.retry: once more at the same deployment
  std::optional<std::uint32_t> depth;  // of the fallbacks so many; unset: all
  std::optional<std::chrono::milliseconds> latency_threshold;  // to first content, of one attempt

  std::string region;                 // lower case; empty: nothing said. "global" promises nothing
  std::optional<bool> stream_rescue;  // go on elsewhere after the commit point

  // What only headers say.
  bool no_fallback = false;                          // X-No-Fallback
  bool no_hedge = false;                             // x-sluice-hedge: off
  bool shows_routing = false;                        // x-sluice-metadata: routing
  std::optional<std::chrono::milliseconds> timeout;  // x-request-timeout: of all attempts together

  friend bool operator==(const RouteWishes&, const RouteWishes&) = default;
};

/// A model's name with what follows its last colon, where that is a rule: "gpt-5:nitro".
struct SuffixedModel {
  std::string_view model;
  RouteSort sort = RouteSort::price;  // :floor; of :nitro throughput
  std::string_view suffix;            // ":floor", a view of the name
};

/// Nothing when the name has no such suffix, or nothing in front of it. A model may be called so:
/// ask for the suffix only where the table knows no such name.
[[nodiscard]] std::optional<SuffixedModel> split_route_suffix(std::string_view name) noexcept;

/// "provider/model:region" or "model:region", once its provider is split off. Which colon begins a
/// region only the table knows: "llama3:8b" is a model. Nothing when a side would be empty.
struct RegionalModel {
  std::string_view model;
  std::string_view region;
};
[[nodiscard]] std::optional<RegionalModel> split_region_suffix(std::string_view name) noexcept;

// What contradicts only once the table is asked what a name means: the 400, or nothing. `wishes`
// may be null.
/// The name pins a provider: then no rule may choose one.
[[nodiscard]] std::optional<ApiError> contradicts_pin(const RouteWishes* wishes,
                                                      std::string_view provider);
/// The name has a suffix: then nothing else may say by which rule.
[[nodiscard]] std::optional<ApiError> contradicts_suffix(const RouteWishes* wishes,
                                                         const SuffixedModel& named);
/// The name has a region: then nothing else may name another one.
[[nodiscard]] std::optional<ApiError> contradicts_region(const RouteWishes* wishes,
                                                         std::string_view region);

}  // namespace sluice::llm
