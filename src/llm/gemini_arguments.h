// Puts the arguments of a tool call together that Gemini sends in pieces: values with the path of
// each, in the order of the document, a long string in several pieces.
//
//   $.to[0].name "Ada" goes on, $.to[0].name "", $.urgent true
//   -> {"to":[{"name":"Ada"}],"urgent":true}
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/text.h"
#include "sluice/json/value.h"

namespace sluice::llm {

class GeminiArguments {
 public:
  static constexpr std::size_t bytes_max = std::size_t{1} << 20;
  static constexpr std::size_t depth_max = 64;

  /// Takes an element of `partialArgs`. False: it makes no sense here, or these are more than
  /// bytes_max or deeper than depth_max; what was taken before stays valid.
  [[nodiscard]] bool add(json::Value piece);

  /// Closes what is open. Call once, behind the last piece.
  void close();
  /// The arguments as a JSON object, once closed.
  [[nodiscard]] std::string_view json() const noexcept { return out_; }
  /// The one member's value, when it is a string of this name and all there is, once closed.
  [[nodiscard]] std::optional<json::Text> only_string(std::string_view name) const;

 private:
  struct Step {
    bool is_index = false;
    std::string key = {};
    std::uint64_t index = 0;
    friend bool operator==(const Step&, const Step&) = default;
  };
  // A bracket that is open, and the step that led to it from the one around it.
  struct Level {
    Step step = {};
    bool is_array = false;
    bool has_items = false;
  };

  [[nodiscard]] static std::optional<std::vector<Step>> parse_path(std::string_view path);
  [[nodiscard]] bool fits(const std::vector<Step>& path, std::size_t shared) const;
  [[nodiscard]] std::size_t shared_levels(const std::vector<Step>& path) const;
  void end_string();
  void close_to(std::size_t levels);
  void write_step(const Step& step);

  std::string out_ = "{";
  std::vector<Level> open_ = {Level{}};
  std::string string_path_;  // of the string that goes on; empty: none does
  std::uint64_t values_ = 0;
};

}  // namespace sluice::llm
