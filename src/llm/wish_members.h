// The members at the top of a body that say something about routing: picked up on the one pass over
// it, and read when the rest of the request is understood.
#pragma once
#include <array>
#include <optional>
#include <string_view>

#include "sluice/json/value.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

class WishMembers {
 public:
  /// Keeps the value if the member is one of these; null counts as not given.
  void offer(std::string_view name, json::Value value) noexcept;

  /// The first of `models`, where that is a text: what a request without `model` asks for.
  [[nodiscard]] std::optional<json::Value> first_model() const noexcept;

  /// Fills `request.wishes` and `request.session`, once its model and `stream` are known.
  [[nodiscard]] std::optional<ApiError> read(Request& request) const;

 private:
  enum Member : std::size_t {
    provider,
    models,
    route,
    fallbacks,
    fallback_config,
    routing,
    model_region,
    stream_rescue,
    session_id,        // the last two say nothing about routing but which conversation it is
    prompt_cache_key,  // the provider's to read as well
    members_count,
  };
  static const std::array<std::string_view, members_count> names;

  [[nodiscard]] bool says_something() const noexcept;
  friend class WishMembersReader;

  std::array<std::optional<json::Value>, members_count> values_;
  bool any_ = false;
};

}  // namespace sluice::llm
