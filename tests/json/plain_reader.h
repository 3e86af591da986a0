// The second opinion: a recursive-descent validator of RFC 8259, written to be read beside the RFC
// and sharing nothing with the index.
#pragma once
#include <cstdint>
#include <string_view>

#include "sluice/json/utf8.h"

namespace sluice::json {

class PlainReader {
 public:
  PlainReader(std::string_view text, std::uint32_t depth_max)
      : text_(text), depth_max_(depth_max) {}

  [[nodiscard]] bool is_json() {
    if (find_invalid_utf8(text_) != text_.size()) return false;
    blanks();
    if (!value(0)) return false;
    blanks();
    return at_ == text_.size();
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void blanks() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) {
    }
  }
  bool digits() {
    if (peek() < '0' || peek() > '9') return false;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return true;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    return true;
  }
  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') continue;
      if (at_ == text_.size()) return false;
      const char escape = text_[at_++];
      if (escape == 'u') {
        for (int i = 0; i < 4; ++i) {
          const std::string_view hex = "0123456789abcdefABCDEF";
          if (at_ == text_.size() || hex.find(text_[at_++]) == hex.npos) return false;
        }
      } else if (std::string_view("\"\\/bfnrt").find(escape) == std::string_view::npos) {
        return false;
      }
    }
    return false;
  }
  bool list(char close, std::uint32_t depth, bool object) {
    if (depth == depth_max_) return false;
    ++at_;
    blanks();
    if (take(close)) return true;
    while (true) {
      if (object) {
        if (!string()) return false;
        blanks();
        if (!take(':')) return false;
        blanks();
      }
      if (!value(depth + 1)) return false;
      blanks();
      if (take(close)) return true;
      if (!take(',')) return false;
      blanks();
    }
  }
  bool value(std::uint32_t depth) {
    switch (peek()) {
      case '{': return list('}', depth, true);
      case '[': return list(']', depth, false);
      case '"': return string();
      case 't': return take_word("true");
      case 'f': return take_word("false");
      case 'n': return take_word("null");
      default: return number();
    }
  }

  std::string_view text_;
  std::uint32_t depth_max_;
  std::size_t at_ = 0;
};

}  // namespace sluice::json
