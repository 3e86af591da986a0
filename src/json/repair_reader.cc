#include "repair_reader.h"

#include <algorithm>
#include <utility>

#include "sluice/json/writer.h"

namespace sluice::json {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What ends a word wherever it stands.
bool ends_word(std::string_view text, std::size_t at) noexcept {
  return std::string_view(",;:{}[]()\"").find(text[at]) != std::string_view::npos ||
         is_blank(text[at]) || quote_at(text, at) || text.substr(at, 3) == "```";
}

// "...", which models write for "and so on".
bool is_ellipsis(std::string_view word) noexcept {
  return word == "\xE2\x80\xA6" ||
         (word.size() > 1 && word.find_first_not_of('.') == std::string_view::npos);
}

std::string_view trimmed_end(std::string_view word) noexcept {
  while (!word.empty() && is_blank(word.back())) word.remove_suffix(1);
  return word;
}

}  // namespace

// A fence ends the value as the text does.
bool RepairReader::at_end() const noexcept {
  return at_ >= text_.size() || text_.substr(at_, 3) == "```";
}

void RepairReader::fail(RepairDefect defect, const char* reason) {
  if (!error_) error_ = RepairError{defect, at_, reason};
}

std::expected<std::size_t, RepairError> RepairReader::read(std::size_t begin, std::string& out) {
  at_ = begin;
  out_ = &out;
  frames_.clear();
  objects_open_ = 0;
  error_.reset();
  open(text_[begin] == '{');
  ++at_;
  while (!frames_.empty() && !error_) {
    at_ = skip_blanks_and_comments(text_, at_);
    if (at_end()) {
      close_all();
    } else {
      step();
    }
    if (out.size() > limits_.bytes_max) {
      fail(RepairDefect::too_large, "what it says is longer than allowed");
    }
  }
  if (error_) return std::unexpected(*error_);
  return at_;
}

std::expected<std::size_t, RepairError> RepairReader::read_scalar(std::size_t begin,
                                                                  std::string& out) {
  const RepairError none{RepairDefect::no_value, begin, "no object or array was found"};
  out_ = &out;
  if (quote_at(text_, begin)) {
    at_ = strings_.read(begin, StringPlace::alone, out);
    if (skip_blanks_and_comments(text_, at_) == text_.size()) return at_;
    return std::unexpected(none);
  }
  const std::string_view word = trimmed_end(text_.substr(begin));
  const auto literal = literal_of(word);
  const auto number = literal ? std::optional<std::string>(*literal) : number_of(word);
  if (!number) return std::unexpected(none);
  out += *number;
  return begin + word.size();
}

void RepairReader::step() {
  const Frame& frame = frames_.back();
  if (frame.is_object && !frame.has_key) {
    step_key();
  } else {
    step_value();
  }
}

void RepairReader::step_key() {
  switch (text_[at_]) {
    case '}':
    case ']':
    case ')': return close_or_skip(text_[at_] == '}');
    case ',':
    case ';':
    case ':':
    case '{':  // doubled, as in a template
    case '[':
    case '(': ++at_; return;
    default: return read_key();
  }
}

void RepairReader::step_value() {
  const char c = text_[at_];
  const bool is_member = frames_.back().is_object;
  if (c == ',' || c == ';' || c == '}' || c == ']' || c == ')') {
    if (is_member) write_null();  // the key is there, its value forgotten
    if (c != ',' && c != ';') return close_or_skip(c == '}');
    ++at_;
  } else if (c == ':') {
    ++at_;
  } else {
    read_value();
  }
}

void RepairReader::read_key() {
  Frame& frame = frames_.back();
  frame.before_key = out_->size();
  if (frame.any) *out_ += ',';
  if (quote_at(text_, at_)) {
    at_ = strings_.read(at_, StringPlace::key, *out_);
  } else {
    std::size_t end = at_;
    while (end < text_.size() && !ends_word(text_, end)) ++end;
    if (end == at_) ++end;  // a character that can stand nowhere
    append_quoted(*out_, text_.substr(at_, end - at_));
    at_ = end;
  }
  *out_ += ':';
  frame.has_key = true;
  skip_colon();
}

// Some write => or = for it.
void RepairReader::skip_colon() {
  at_ = skip_blanks_and_comments(text_, at_);
  if (at_end()) return;
  if (text_.substr(at_, 2) == "=>") {
    at_ += 2;
  } else if (text_[at_] == ':' || text_[at_] == '=') {
    ++at_;
  }
}

void RepairReader::begin_value() {
  Frame& frame = frames_.back();
  if (!frame.is_object && frame.any) *out_ += ',';
  frame.any = true;
  frame.has_key = false;
}

void RepairReader::write_null() {
  begin_value();
  *out_ += "null";
}

void RepairReader::read_value() {
  const char c = text_[at_];
  if (c == '{' || c == '[' || c == '(') {  // the last: Python's tuple
    if (frames_.size() >= limits_.depth_max) {
      return fail(RepairDefect::too_deep, "more brackets are open than allowed");
    }
    begin_value();
    open(c == '{');
    ++at_;
  } else if (quote_at(text_, at_)) {
    const StringPlace place = frames_.back().is_object ? StringPlace::member : StringPlace::element;
    begin_value();
    at_ = strings_.read(at_, place, *out_);
  } else {
    read_word();
  }
}

// A literal or a number, or a text without quotes up to the end of its line.
void RepairReader::read_word() {
  std::size_t end = at_;
  while (end < text_.size() && !ends_word(text_, end) &&
         !(text_[end] != '#' && begins_comment(text_, end))) {
    ++end;
  }
  if (write_word(text_.substr(at_, end - at_))) {
    at_ = std::max(end, at_ + 1);
    return;
  }
  while (end < text_.size() &&
         std::string_view(",{}[]\n\"").find(text_[end]) == std::string_view::npos) {
    ++end;
  }
  if (end == at_) ++end;
  begin_value();
  append_quoted(*out_, trimmed_end(text_.substr(at_, end - at_)));
  at_ = end;
}

// True when the word says a value, or nothing at all.
bool RepairReader::write_word(std::string_view word) {
  std::optional<std::string> value;
  if (const auto literal = literal_of(word)) value = *literal;
  if (!value) value = number_of(word);
  const bool is_last = at_ + word.size() == text_.size();
  if (!value && is_last) {
    if (const auto literal = literal_cut_to(word)) value = *literal;
  }
  if (value) {
    begin_value();
    *out_ += *value;
    return true;
  }
  return is_ellipsis(word) || (is_last && (word == "-" || word == "+"));
}

void RepairReader::open(bool is_object) {
  frames_.push_back({.is_object = is_object});
  objects_open_ += is_object ? 1 : 0;
  *out_ += is_object ? '{' : '[';
}

void RepairReader::close() {
  const Frame frame = frames_.back();
  if (frame.has_key) out_->resize(frame.before_key);
  *out_ += frame.is_object ? '}' : ']';
  objects_open_ -= frame.is_object ? 1 : 0;
  frames_.pop_back();
}

// A bracket of the other kind closes what should have been closed before it, if that is open.
void RepairReader::close_or_skip(bool is_object) {
  if (frames_.back().is_object == is_object) {
    close();
    ++at_;
    return;
  }
  const std::size_t open_of_kind = is_object ? objects_open_ : frames_.size() - objects_open_;
  if (open_of_kind > 0) {
    close();
  } else {
    ++at_;
  }
}

void RepairReader::close_all() {
  while (!frames_.empty()) close();
}

}  // namespace sluice::json
