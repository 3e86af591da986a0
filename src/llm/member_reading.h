// Typed reading of a request's members, where the first thing wrong is kept as the 400 that names
// its place: the readers of callers' dialects are made of it.
//
//   if (!reading.text(value, "user", request.user)) return false;   // the error is in `reading`
//
// A member that is null counts as not given: callers skip it before they ask for a type.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/json/text.h"
#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// Where a value stands, put into words only when something is wrong with it:
/// "messages[2].content[0].image_url".
struct Place {
  // NOLINTNEXTLINE(google-explicit-constructor): most places are just names.
  constexpr Place(const char* member) noexcept : name(member) {}
  constexpr Place(std::string_view list_name, std::size_t list_index, std::string_view member = {})
      : list(list_name), index(list_index), name(member) {}

  /// The same with another member at its end.
  [[nodiscard]] constexpr Place at(std::string_view member) const noexcept {
    Place place = *this;
    place.name = member;
    return place;
  }
  /// An element of the list that is this place.
  [[nodiscard]] constexpr Place element(std::size_t position) const noexcept {
    Place place = *this;
    place.inner_list = name;
    place.inner_index = position;
    place.name = {};
    return place;
  }
  [[nodiscard]] std::string text() const;

  std::string_view list = {};
  std::size_t index = 0;
  std::string_view inner_list = {};
  std::size_t inner_index = 0;
  std::string_view name;
};

class MemberReading {
 public:
  /// Keeps the error, if it is the first; always false.
  bool refuse(ApiError error) {
    if (!error_) error_ = std::move(error);
    return false;
  }
  bool wrong_type(const Place& place, std::string_view wanted, json::Value found) {
    return refuse(errors::field_type_wrong(place.text(), wanted, json::to_string(found.kind())));
  }
  /// `rule` is the sentence's end: "must be one of ...".
  bool invalid(const Place& place, std::string_view rule);
  bool missing(const Place& place, std::string_view advice) {
    return refuse(errors::field_missing(place.text(), advice));
  }

  // Each is false, with an error kept, when the value is of another type or out of range.
  bool text(json::Value value, const Place& place, json::Text& out);
  bool boolean(json::Value value, const Place& place, std::optional<bool>& out);
  bool number(json::Value value, const Place& place, double min, double max,
              std::optional<Number>& out);
  bool count(json::Value value, const Place& place, std::uint64_t min, std::uint64_t max,
             std::optional<std::uint64_t>& out);
  bool object(json::Value value, const Place& place);
  bool array(json::Value value, const Place& place);
  /// {"type":"ephemeral","ttl":"5m"|"1h"}
  bool cache_mark(json::Value value, const Place& place, CacheMark& out);

  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
  [[nodiscard]] ApiError take_error() { return std::move(*error_); }

 private:
  std::optional<ApiError> error_;
};

/// The member, unless there is none or it is null.
[[nodiscard]] std::optional<json::Value> given(json::Value object, std::string_view name) noexcept;

}  // namespace sluice::llm
