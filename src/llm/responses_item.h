// What is remembered of each output item of an answer of the Responses API while it is read.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/json/text.h"
#include "sluice/json/value.h"
#include "sluice/llm/responses_reader.h"

namespace sluice::llm {

// Which parts of an item were told already. Those far beyond what any answer has are one.
class PartSet {
 public:
  [[nodiscard]] bool has(std::size_t part) const noexcept {
    const std::size_t at = std::min(part, parts_max);
    return at < told_.size() && told_[at];
  }
  [[nodiscard]] bool empty() const noexcept { return told_.empty(); }
  void add(std::size_t part) {
    const std::size_t at = std::min(part, parts_max);
    if (at >= told_.size()) told_.resize(at + 1);
    told_[at] = true;
  }

 private:
  static constexpr std::size_t parts_max = 4096;
  std::vector<bool> told_;
};

struct ResponsesReader::Item {
  std::int64_t position = -1;  // `output_index`; -1: not said
  std::string id = {};         // these texts are escaped
  PartSet content = {};
  PartSet summary = {};
  [[nodiscard]] PartSet& parts_of(Told told) noexcept {
    return told == Told::summary ? summary : content;
  }
  bool thought = false;  // some of it was told
  bool sealed = false;   // its sealed form was
  bool sources = false;
  bool image = false;
  // Of a call:
  bool begun = false;
  bool announced = false;
  bool arguments = false;  // some came
  bool over = false;
  bool is_custom = false;
  std::uint32_t number = 0;
  std::string call_id = {};
  std::string name = {};
  std::string held = {};  // arguments that came before their turn
};

/// The text of a member; empty where there is none.
[[nodiscard]] inline json::Text member_text(json::Value object, std::string_view name) noexcept {
  const auto value = object.find(name);
  return value ? json::raw_text(*value) : json::Text{};
}

}  // namespace sluice::llm
