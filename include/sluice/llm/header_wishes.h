// What a request's headers say about its routing, and how that joins what its body says.
//
//   x-session-id > x-session-affinity > session_id, session-id     the conversation it belongs to
//   x-sluice-region, x-llmgateway-data-residency                   where it must be served
//   X-No-Fallback: true                                            the first choice or an error
//   x-request-timeout: 30, 30s, 30000ms                            for all attempts together
//   x-sluice-hedge: off                                            never two at once
//   x-sluice-metadata: routing                                     say how it was chosen
//
// The other words of the last three (false, on, none) say what is so anyway. An empty value counts
// as not given.
//
// Names in any letter case. None of these fields goes to a provider: what does is on a list of its
// own (gateway/header_rules).
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "sluice/llm/api_error.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

class HeaderWishes {
 public:
  /// Takes one field if it is one of these, else does nothing. Offer every field whose name is
  /// http::FieldName::other, in any order: one that is none costs a comparison. The first error is
  /// kept. Lifetime: name and value stay until join().
  void add(std::string_view name, std::string_view value);

  /// Whether join() has anything to do.
  [[nodiscard]] bool any() const noexcept { return any_ || error_; }

  /// Puts what the headers say into an understood request. The 400 of a field that is wrong, or
  /// contradicts another one or the body.
  [[nodiscard]] std::optional<ApiError> join(Request& request) const;

 private:
  enum class SessionRank : std::uint8_t { none, session, affinity, session_id };

  void take_word(std::string_view name, std::string_view value, std::string_view on,
                 std::string_view off, bool& out);
  void take_session(SessionRank rank, std::string_view name, std::string_view value);
  void take_region(std::string_view name, std::string_view value);
  void take_timeout(std::string_view value);
  void refuse(ApiError error);
  [[nodiscard]] std::optional<ApiError> contradiction_with(const RouteWishes& wishes) const;

  bool any_ = false;
  bool no_fallback_ = false;
  bool no_hedge_ = false;
  bool shows_routing_ = false;
  SessionRank session_rank_ = SessionRank::none;
  std::string_view session_;
  std::string_view region_;       // as it was sent
  std::string_view region_name_;  // of the field
  std::optional<std::chrono::milliseconds> timeout_;
  std::unique_ptr<const ApiError> error_;  // small while there is none: every request holds one
};

}  // namespace sluice::llm
