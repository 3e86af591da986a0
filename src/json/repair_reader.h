// Reads one object or array out of a text that should be JSON, and writes it as JSON. Internal to
// this room.
//
//   frames    { "a": [ 1, {      the brackets open in the result, outermost first
//
// Nothing is refused but depth and size: what fits nowhere is passed over.
#pragma once
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repair_string.h"
#include "sluice/json/repair.h"

namespace sluice::json {

class RepairReader {
 public:
  /// Lifetime: of the text and the limits.
  RepairReader(std::string_view text, const RepairLimits& limits) noexcept
      : text_(text), limits_(limits), strings_(text) {}

  /// Reads the value whose bracket stands at `begin`, appends it to `out`, and tells where it ends.
  [[nodiscard]] std::expected<std::size_t, RepairError> read(std::size_t begin, std::string& out);

  /// Reads a text that is a string, a number or a literal as a whole.
  [[nodiscard]] std::expected<std::size_t, RepairError> read_scalar(std::size_t begin,
                                                                    std::string& out);

 private:
  struct Frame {
    bool is_object = false;
    bool any = false;            // something is in it
    bool has_key = false;        // a key is written, and no value yet
    std::size_t before_key = 0;  // where the result ended before that key
  };

  [[nodiscard]] bool at_end() const noexcept;
  void step();
  void step_key();
  void step_value();
  void read_key();
  void skip_colon();
  void read_value();
  void read_word();
  bool write_word(std::string_view word);
  void begin_value();
  void write_null();
  void open(bool is_object);
  void close();
  void close_or_skip(bool is_object);
  void close_all();
  void fail(RepairDefect defect, const char* reason);

  std::string_view text_;
  const RepairLimits& limits_;
  StringReader strings_;
  std::size_t at_ = 0;
  std::string* out_ = nullptr;
  std::vector<Frame> frames_;
  std::size_t objects_open_ = 0;
  std::optional<RepairError> error_;
};

}  // namespace sluice::json
