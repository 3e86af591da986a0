#include "wrapped_input.h"

#include <algorithm>
#include <array>

#include "sluice/json/utf8.h"

namespace sluice::llm {
namespace {

constexpr std::size_t blanks_max = 64;  // in the beginning: who writes more gets it all as it is

constexpr std::size_t unicode_bytes = 6;  // \u00e9

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Match : std::uint8_t { not_yet, yes, no };

// How the text compares with {"input":", blanks between its tokens or not; `size` is the
// beginning's.
Match match_beginning(std::string_view text, std::size_t& size) {
  constexpr std::array<std::string_view, 4> tokens = {"{", "\"input\"", ":", "\""};
  std::size_t at = 0;
  for (const std::string_view token : tokens) {
    at = text.find_first_not_of(" \t\r\n", at);
    if (at == text.npos) return text.size() < blanks_max ? Match::not_yet : Match::no;
    const std::string_view there = text.substr(at, token.size());
    if (!token.starts_with(there)) return Match::no;
    if (there.size() < token.size()) return Match::not_yet;
    at += token.size();
  }
  size = at;
  return Match::yes;
}

}  // namespace

std::string_view WrappedInput::feed(std::string_view piece) {
  out_.clear();
  switch (state_) {
    case State::before: {
      held_ += piece;
      std::size_t size = 0;
      const Match match = match_beginning(held_, size);
      if (match == Match::not_yet) break;
      const std::string all = std::move(held_);
      held_.clear();
      state_ = match == Match::yes ? State::inside : State::other;
      if (match == Match::yes) {
        take_text(std::string_view(all).substr(size));
      } else {
        out_ = all;
      }
      break;
    }
    case State::inside: take_text(piece); break;
    case State::behind: break;
    case State::other: out_ = piece; break;
  }
  return out_;
}

std::string_view WrappedInput::end() {
  out_.clear();
  if (state_ == State::before) out_ = std::move(held_);
  // An escape cut short says nothing; nor does an object without input.
  if (out_.find_first_not_of(" \t\r\n{}") == out_.npos) out_.clear();
  put_half();
  held_.clear();
  state_ = State::behind;
  return out_;
}

// What stands between the quotes, up to the closing one.
void WrappedInput::take_text(std::string_view piece) {
  if (!held_.empty()) {  // an escape cut short by the end of the last piece
    while (!piece.empty()) {
      held_ += piece.front();
      const std::size_t taken = take_escape(held_);
      if (taken != 0 && taken < held_.size()) {  // its last byte is none of it
        held_.clear();
        break;
      }
      piece.remove_prefix(1);
      if (taken == 0) continue;
      held_.clear();
      break;
    }
  }
  while (!piece.empty()) {
    const std::size_t plain = std::min(piece.find_first_of("\\\""), piece.size());
    if (plain != 0) put_half();
    out_ += piece.substr(0, plain);
    piece.remove_prefix(plain);
    if (piece.empty()) return;
    if (piece.front() == '"') {
      put_half();
      state_ = State::behind;
      return;
    }
    const std::size_t taken = take_escape(piece);
    if (taken == 0) {
      held_ = piece;
      return;
    }
    piece.remove_prefix(taken);
  }
}

// One escape; how many bytes it has, or 0 when it is not whole. One that is wrong ends in front of
// the first wrong byte, which may begin a character.
std::size_t WrappedInput::take_escape(std::string_view escape) {
  constexpr std::string_view letters = "nrtbf";
  constexpr std::string_view meanings = "\n\r\t\b\f";
  if (escape.size() < 2) return 0;
  if (escape[1] != 'u') {
    put_half();
    if (static_cast<unsigned char>(escape[1]) >= 0x80) return 1;
    const std::size_t letter = letters.find(escape[1]);
    out_ += letter == letters.npos ? escape[1] : meanings[letter];  // \" is ", \x is x
    return 2;
  }
  char32_t code = 0;
  for (std::size_t at = 2; at < unicode_bytes; ++at) {
    if (at == escape.size()) return 0;
    const int digit = hex_digit(escape[at]);
    if (digit < 0) {
      put_unicode(0xfffd);
      return at;
    }
    code = code * 16 + static_cast<char32_t>(digit);
  }
  put_unicode(code);
  return unicode_bytes;
}

void WrappedInput::put_unicode(char32_t code) {
  if (code >= 0xdc00 && code < 0xe000 && high_half_ != 0) {
    code = 0x10000 + ((high_half_ - 0xd800) << 10) + (code - 0xdc00);
    high_half_ = 0;
  }
  put_half();
  if (code >= 0xd800 && code < 0xdc00) {
    high_half_ = code;
    return;
  }
  json::append_utf8(out_, code >= 0xdc00 && code < 0xe000 ? 0xfffd : code);
}

// A half whose other half did not come.
void WrappedInput::put_half() {
  if (high_half_ == 0) return;
  high_half_ = 0;
  json::append_utf8(out_, 0xfffd);
}

}  // namespace sluice::llm
