#include "grammar.h"

#include "scalars.h"

namespace sluice::json {

GrammarCheck::GrammarCheck(std::string_view text, const std::uint32_t* tokens,
                           std::uint32_t tokens_count, std::uint32_t* partners, std::uint32_t* open,
                           std::uint32_t depth_max) noexcept
    : text_(text),
      tokens_(tokens),
      tokens_count_(tokens_count),
      partners_(partners),
      open_(open),
      depth_max_(depth_max),
      next_backslash_(find_backslash(text.data(), text.data() + text.size())) {}

bool GrammarCheck::run() noexcept {
  while (token_ < tokens_count_) {
    if (!step()) return false;
  }
  return check_ended();
}

bool GrammarCheck::step() noexcept {
  const char first = text_[offset()];
  switch (expect_) {
    case Expect::separator: return step_separator(first);
    case Expect::value: return step_value(first);
    case Expect::first_key:
      if (first == '}') return close_bracket(), true;
      [[fallthrough]];
    case Expect::key: return step_key(first);
    case Expect::first_element:
      if (first == ']') return close_bracket(), true;
      return step_value(first);
    case Expect::nothing: return refuse(offset(), "nothing may follow the document's one value");
  }
  __builtin_unreachable();
}

bool GrammarCheck::step_value(char first) noexcept {
  switch (first) {
    case '{':
    case '[': return open_bracket(first);
    case '"':
      if (!check_string()) return false;
      break;
    case 't':
    case 'f':
    case 'n':
      if (!check_plain(literal_bytes(plain_text()),
                       "only true, false and null go without quotes")) {
        return false;
      }
      break;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      if (!check_plain(number_bytes(plain_text()), "the number is not spelled as JSON wants it")) {
        return false;
      }
      break;
    default: return refuse(offset(), "a value was expected");
  }
  ++token_;
  expect_ = depth_ == 0 ? Expect::nothing : Expect::separator;
  return true;
}

// Takes the key and its colon in one step.
bool GrammarCheck::step_key(char first) noexcept {
  if (first != '"') return refuse(offset(), "a member name in double quotes was expected");
  if (!check_string()) return false;
  ++token_;
  if (token_ == tokens_count_) return check_ended();
  if (text_[offset()] != ':') return refuse(offset(), "a colon was expected after the member name");
  ++token_;
  expect_ = Expect::value;
  return true;
}

bool GrammarCheck::step_separator(char first) noexcept {
  if (first == ',') {
    ++token_;
    expect_ = in_object_ ? Expect::key : Expect::value;
    return true;
  }
  if (first == (in_object_ ? '}' : ']')) return close_bracket(), true;
  return refuse(offset(), in_object_ ? "a comma or a closing brace was expected"
                                     : "a comma or a closing bracket was expected");
}

bool GrammarCheck::open_bracket(char bracket) noexcept {
  if (depth_ == depth_max_) {
    return refuse(offset(), "objects and arrays are nested too deeply", Defect::too_deep);
  }
  open_[depth_++] = token_++;
  in_object_ = bracket == '{';
  expect_ = in_object_ ? Expect::first_key : Expect::first_element;
  return true;
}

void GrammarCheck::close_bracket() noexcept {
  partners_[open_[--depth_]] = token_++;
  if (depth_ == 0) {
    expect_ = Expect::nothing;
    return;
  }
  in_object_ = text_[tokens_[open_[depth_ - 1]]] == '{';
  expect_ = Expect::separator;
}

// The closing quote is not a token. But whatever follows it, white space excepted, is one: so it is
// the last byte before the next token that is not white space.
bool GrammarCheck::check_string() noexcept {
  const std::size_t begin = offset();
  std::size_t close = tokens_[token_ + 1] - 1;
  while (close > begin && is_white_space(text_[close])) --close;
  if (close == begin || text_[close] != '"') return refuse(begin, "the string does not end");

  const char* const end = text_.data() + close;
  if (next_backslash_ >= end) return true;
  const char* const text_end = text_.data() + text_.size();
  const char* at = next_backslash_;
  while (at < end) {
    const auto offset_of_escape = static_cast<std::size_t>(at - text_.data());
    const std::size_t size_bytes = escape_bytes(text_.substr(offset_of_escape));
    if (size_bytes == 0) return refuse(offset_of_escape, "the escape is none that JSON knows");
    at = find_backslash(at + size_bytes, text_end);
  }
  next_backslash_ = at;
  return true;
}

// A scalar without quotes must reach up to the next token or to white space: stage 1 marks only its
// first byte, so `truely`, `1x` and `1"a"` are one token each.
bool GrammarCheck::check_plain(std::size_t size_bytes, const char* reason) noexcept {
  const std::size_t end = offset() + size_bytes;
  if (size_bytes == 0) return refuse(offset(), reason);
  if (end < tokens_[token_ + 1] && !is_white_space(text_[end])) return refuse(offset(), reason);
  return true;
}

bool GrammarCheck::check_ended() noexcept {
  if (expect_ == Expect::nothing) return true;
  return refuse(text_.size(), "the document ends before it is complete");
}

bool GrammarCheck::refuse(std::size_t offset, const char* reason, Defect defect) noexcept {
  error_ = {.defect = defect, .offset = offset, .reason = reason};
  return false;
}

}  // namespace sluice::json
