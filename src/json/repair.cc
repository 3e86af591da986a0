#include "sluice/json/repair.h"

#include <optional>
#include <utility>

#include "repair_reader.h"
#include "repair_text.h"
#include "sluice/json/index.h"
#include "sluice/json/value.h"

namespace sluice::json {
namespace {

RepairError explain(const IndexError& error) {
  switch (error.defect) {
    case Defect::empty: return {RepairDefect::empty, error.offset, error.reason};
    case Defect::too_deep: return {RepairDefect::too_deep, error.offset, error.reason};
    case Defect::too_large: return {RepairDefect::too_large, error.offset, error.reason};
    case Defect::too_many: return {RepairDefect::too_many, error.offset, error.reason};
    case Defect::malformed:
    case Defect::invalid_utf8: break;
  }
  return {RepairDefect::no_value, error.offset, error.reason};
}

constexpr std::size_t literal_bytes_max = 9;  // "undefined"

bool is_beyond_repair(Defect defect) {
  return defect != Defect::malformed && defect != Defect::invalid_utf8;
}

bool is_bracket(char c) { return c == '{' || c == '['; }

// A text that begins with a quote and holds no other, escaped ones excepted: a string that was cut,
// and brackets in it are its text.
bool is_open_string(std::string_view text, std::size_t begin) {
  if (text[begin] != '"') return false;
  for (std::size_t at = begin + 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return false;
    }
  }
  return true;
}

// Whether a bracket in the midst of prose begins a value: "{name}" and "[see below]" do not.
bool begins_value(std::string_view text, std::size_t bracket) {
  const std::size_t next = skip_blanks(text, bracket + 1);
  if (next == text.size()) return false;
  if (quote_at(text, next) || text.substr(next, 2) == "//" || text.substr(next, 2) == "/*") {
    return true;
  }
  const char c = text[next];
  if (text[bracket] == '{') return c == '}' || begins_bare_key(text, next);
  if (c == ']' || c == '{' || c == '[' || c == '-' || (c >= '0' && c <= '9')) return true;
  const std::string_view word = text.substr(next, literal_bytes_max + 1);
  return literal_of(word.substr(0, word.find_first_of(", ]\n\r\t"))).has_value();
}

/// A value that was escaped once more than it should be, {\"a\":1}, as it was before; nothing where
/// that makes no sense.
std::optional<std::string> unescaped_once(std::string_view text, Index& index) {
  const std::size_t begin = skip_blanks(text, 0);
  if (begin == text.size() || !is_bracket(text[begin]) ||
      text.substr(skip_blanks(text, begin + 1), 2) != "\\\"") {
    return std::nullopt;
  }
  const std::string quoted = '"' + std::string(text.substr(begin)) + '"';
  if (!index.build(quoted)) return std::nullopt;
  return root(index).string();
}

/// What was written is looked at as a whole, as everything is that claims to be JSON.
std::expected<std::string, RepairError> checked(std::expected<std::string, RepairError> rewritten,
                                                Index& index) {
  if (!rewritten) return rewritten;
  const auto valid = index.build(*rewritten);
  if (!valid) return std::unexpected(explain(valid.error()));
  return rewritten;
}

/// The longest of the values in a text, the first of several so long; each byte is part of at most
/// one. Empty when there is none.
std::expected<std::string, RepairError> find_longest(std::string_view text, std::size_t begin,
                                                     RepairReader& reader) {
  std::string longest;
  std::size_t longest_bytes = 0;
  std::size_t at = begin;
  while ((at = text.find_first_of("{[", at)) != std::string_view::npos) {
    if (!begins_value(text, at)) {
      ++at;
      continue;
    }
    std::string value;
    const auto end = reader.read(at, value);
    if (!end) return std::unexpected(end.error());
    if (*end - at > longest_bytes) {
      longest_bytes = *end - at;
      longest = std::move(value);
    }
    at = *end;
  }
  return longest;
}

std::expected<std::string, RepairError> rewrite(std::string_view text, const RepairLimits& limits) {
  const std::size_t begin = skip_blanks(text, 0);
  if (begin == text.size()) {
    return std::unexpected(RepairError{RepairDefect::empty, 0, "there is only white space"});
  }
  RepairReader reader(text, limits);
  if (!is_open_string(text, begin)) {
    auto longest = find_longest(text, begin, reader);
    if (!longest || !longest->empty()) return longest;
  }
  // A bracket with hardly anything behind it is a value where nothing stands before it.
  const std::size_t first = skip_blanks_and_comments(text, begin);
  std::string value;
  const bool is_value = first < text.size() && is_bracket(text[first]);
  const auto end = is_value ? reader.read(first, value) : reader.read_scalar(begin, value);
  if (!end) return std::unexpected(end.error());
  return value;
}

}  // namespace

std::expected<std::string, RepairError> repair(std::string_view text, const RepairLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return std::unexpected(
        RepairError{RepairDefect::too_large, limits.bytes_max, "it is longer than allowed"});
  }
  Index index({.bytes_max = limits.bytes_max,
               .depth_max = limits.depth_max,
               .tokens_max = limits.tokens_max});
  const auto valid = index.build(text);
  if (valid) return std::string(text);
  if (is_beyond_repair(valid.error().defect)) return std::unexpected(explain(valid.error()));
  if (const auto inner = unescaped_once(text, index)) {
    if (index.build(*inner)) return *inner;
    return checked(rewrite(*inner, limits), index);
  }
  return checked(rewrite(text, limits), index);
}

}  // namespace sluice::json
