// Reads members of a request's objects and remembers the first that is missing or wrong. All
// functions say whether to go on: false, once there is an error.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "field_path.h"
#include "sluice/json/text.h"
#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

class FieldReader {
 public:
  /// The error, once a function said false.
  [[nodiscard]] ApiError& error() { return *error_; }

 protected:
  FieldReader() = default;
  ~FieldReader() = default;

  bool fail(ApiError error);
  bool fail_type(const FieldPath& path, std::string_view wanted, json::Value found);
  bool fail_value(const FieldPath& path, std::string_view advice);

  // `object` must be one, or else it is the wrong type.
  bool be_object(json::Value object, const FieldPath& path);
  bool be_array(json::Value array, const FieldPath& path);

  // A member that is null counts as not given. `path` is the object's.
  bool take(json::Value object, std::string_view name, json::Kind kind, const FieldPath& path,
            std::optional<json::Value>& out);
  bool need(json::Value object, std::string_view name, json::Kind kind, const FieldPath& path,
            std::optional<json::Value>& out);
  bool take_text(json::Value object, std::string_view name, const FieldPath& path, json::Text& out);
  bool need_text(json::Value object, std::string_view name, const FieldPath& path, json::Text& out);
  bool take_boolean(json::Value object, std::string_view name, const FieldPath& path,
                    std::optional<bool>& out);

  // Of a value itself.
  bool read_text(json::Value value, const FieldPath& path, json::Text& out);
  bool read_number(json::Value value, const FieldPath& path, std::optional<Number>& out);
  bool read_count(json::Value value, const FieldPath& path, std::uint64_t least,
                  std::optional<std::uint64_t>& out);

 private:
  std::optional<ApiError> error_;
};

}  // namespace sluice::llm
