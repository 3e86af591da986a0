#include "grammar.h"

#include <cstring>

#include "scalars.h"

namespace sluice::json {
namespace {

// The first backslash at or behind `end`, having passed the escapes in front of it; or the first
// of those that is none JSON knows.
[[gnu::noinline]] const char* pass_escapes(const char* at, const char* end,
                                           const char* text_end) noexcept {
  while (at < end) {
    const std::size_t size_bytes = escape_bytes({at, static_cast<std::size_t>(text_end - at)});
    if (size_bytes == 0) return at;
    at = find_backslash(at + size_bytes, text_end);
  }
  return at;
}

// The whole walk is one function when compiled, so that what this holds lives in registers: hence
// the inlining.
class GrammarCheck {
 public:
  explicit GrammarCheck(const GrammarInput& input) noexcept
      : in_(input), next_backslash_(input.first_backslash) {}

  // True when the text is one JSON value; else error() says why not.
  [[nodiscard]] bool run() noexcept;
  [[nodiscard]] const IndexError& error() const noexcept { return error_; }

 private:
  [[nodiscard]] bool take_key() noexcept;
  [[nodiscard]] bool take_scalar(char first) noexcept;
  [[nodiscard]] bool open_bracket(char bracket) noexcept;
  void close_bracket() noexcept;
  [[nodiscard, gnu::always_inline]] bool check_string() noexcept;
  [[nodiscard, gnu::always_inline]] bool check_literal(std::string_view literal) noexcept;
  [[nodiscard]] bool check_number() noexcept;
  [[nodiscard]] bool reaches_next(std::size_t size_bytes) const noexcept;
  [[gnu::always_inline]] bool refuse(const char* reason,
                                     Defect defect = Defect::malformed) noexcept;

  [[nodiscard]] std::size_t offset() const noexcept { return in_.tokens[token_]; }
  [[nodiscard]] bool at_end() const noexcept { return token_ == in_.tokens_count; }
  // The token's first byte; behind the last token NUL, which is legal nowhere.
  [[nodiscard]] char first() const noexcept { return at_end() ? '\0' : in_.text.data()[offset()]; }
  // The token and what follows it, up to the next one.
  [[nodiscard]] std::string_view plain_text() const noexcept {
    return {in_.text.data() + offset(), in_.tokens[token_ + 1] - offset()};
  }

  const GrammarInput in_;
  const char* next_backslash_;  // the first at or behind the strings not yet checked
  std::uint32_t token_ = 0;
  std::uint32_t depth_ = 0;
  char closing_ = '\0';  // what closes the innermost bracket; NUL at the top
  IndexError error_;
};

bool GrammarCheck::run() noexcept {
  do {
    if (closing_ == '}' && !take_key()) return false;
    const char c = first();
    if (c == '{' || c == '[') {
      if (!open_bracket(c)) return false;
      if (first() != closing_) continue;
    } else if (!take_scalar(c)) {
      return false;
    }
    // Behind a value.
    while (depth_ != 0 && first() == closing_) close_bracket();
    if (depth_ == 0) break;
    if (first() != ',') {
      return refuse(closing_ == '}' ? "a comma or a closing brace was expected"
                                    : "a comma or a closing bracket was expected");
    }
    ++token_;
  } while (true);
  if (at_end()) return true;
  return refuse("nothing may follow the document's one value");
}

// With its colon.
bool GrammarCheck::take_key() noexcept {
  if (first() != '"') return refuse("a member name in double quotes was expected");
  if (!check_string()) return false;
  ++token_;
  if (first() != ':') return refuse("a colon was expected after the member name");
  ++token_;
  return true;
}

bool GrammarCheck::take_scalar(char first) noexcept {
  bool well = false;
  switch (first) {
    case '"': well = check_string(); break;
    case 't': well = check_literal("true"); break;
    case 'f': well = check_literal("false"); break;
    case 'n': well = check_literal("null"); break;
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
    case '9': well = check_number(); break;
    default: return refuse("a value was expected");
  }
  ++token_;
  return well;
}

bool GrammarCheck::open_bracket(char bracket) noexcept {
  static_assert('{' + 2 == '}' && '[' + 2 == ']');
  if (depth_ == in_.depth_max) {
    return refuse("objects and arrays are nested too deeply", Defect::too_deep);
  }
  in_.open[depth_++] = token_++;
  closing_ = static_cast<char>(bracket + 2);
  return true;
}

void GrammarCheck::close_bracket() noexcept {
  in_.partners[in_.open[--depth_]] = token_++;
  if (depth_ == 0) return;
  closing_ = static_cast<char>(in_.text.data()[in_.tokens[in_.open[depth_ - 1]]] + 2);
}

// The closing quote is not a token. But whatever follows it, white space excepted, is one: so it is
// the last byte before the next token that is not white space.
inline bool GrammarCheck::check_string() noexcept {
  const char* const text = in_.text.data();
  const char* const begin = text + offset();
  const char* close = text + in_.tokens[token_ + 1] - 1;
  while (close != begin && is_white_space(*close)) --close;
  if (close == begin || *close != '"') return refuse("the string does not end");
  if (next_backslash_ >= close) return true;
  next_backslash_ = pass_escapes(next_backslash_, close, text + in_.text.size());
  if (next_backslash_ >= close) return true;
  refuse("the escape is none that JSON knows");
  error_.offset = static_cast<std::size_t>(next_backslash_ - text);
  return false;
}

inline bool GrammarCheck::check_literal(std::string_view literal) noexcept {
  if (plain_text().starts_with(literal) && reaches_next(literal.size())) return true;
  return refuse("only true, false and null go without quotes");
}

bool GrammarCheck::check_number() noexcept {
  const std::string_view plain = plain_text();
  if (integer_bytes(plain) == plain.size()) return true;
  const std::size_t size_bytes = number_bytes(plain);
  if (size_bytes != 0 && reaches_next(size_bytes)) return true;
  return refuse("the number is not spelled as JSON wants it");
}

// A scalar without quotes must reach up to the next token or to white space: stage 1 marks only its
// first byte, so `truely`, `1x` and `1"a"` are one token each.
bool GrammarCheck::reaches_next(std::size_t size_bytes) const noexcept {
  const std::string_view plain = plain_text();
  return size_bytes == plain.size() || is_white_space(plain.data()[size_bytes]);
}

inline bool GrammarCheck::refuse(const char* reason, Defect defect) noexcept {
  error_ = {.defect = defect,
            .offset = offset(),
            .reason = at_end() ? "the document ends before it is complete" : reason};
  return false;
}

}  // namespace

std::optional<IndexError> check_grammar(const GrammarInput& input) noexcept {
  GrammarCheck check(input);
  if (check.run()) return std::nullopt;
  return check.error();
}

}  // namespace sluice::json
