// Writes JSON to the end of a string: commas and colons put by the writer, text escaped, the result
// always valid UTF-8 (bytes that are not become U+FFFD).
//
//   std::string out;
//   json::Writer writer(out);
//   writer.begin_object();
//   writer.key("id").string(model.id);
//   writer.key("created").integer(model.created);
//   writer.end_object();
//
// Misuse (a value where a key belongs, an end without a begin) is our bug and asserted.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/json/text.h"

namespace sluice::json {

/// Appends what stands between the quotes of a JSON string with this text.
void append_escaped(std::string& out, std::string_view text);
/// Appends `text` as a JSON string with its quotes.
void append_quoted(std::string& out, std::string_view text);
[[nodiscard]] std::string quote(std::string_view text);

class Writer {
 public:
  static constexpr int depth_max = 63;

  /// Lifetime: `out` outlives the writer.
  explicit Writer(std::string& out) noexcept : out_(&out) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);

  Writer& string(std::string_view text);
  Writer& text(Text text);
  Writer& integer(std::int64_t value);
  Writer& unsigned_integer(std::uint64_t value);
  /// The shortest text that reads back as the same double; null for what JSON cannot say (NaN,
  /// infinity).
  Writer& number(double value);
  Writer& boolean(bool value);
  Writer& null();
  /// A value that is JSON already, as it is.
  Writer& raw(std::string_view json);

  /// Whether one whole value has been written and nothing is open.
  [[nodiscard]] bool complete() const noexcept { return depth_ == 0 && has_item_; }

 private:
  void before_value();
  void open(char bracket, bool object);
  void close(char bracket, bool object);

  std::string* out_;
  std::uint64_t objects_ = 0;    // bit per depth: this level is an object
  std::uint64_t has_items_ = 0;  // bit per depth: this level already holds something
  int depth_ = 0;
  bool has_item_ = false;  // at the top
  bool after_key_ = false;
};

}  // namespace sluice::json
