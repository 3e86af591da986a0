#include "simulator/form.h"

#include <charconv>
#include <cstring>

#include "simulator/append.h"
#include "simulator/bytes32.h"
#include "simulator/text.h"
#include "sluice/base/assert.h"

namespace sluice::simulator {
namespace {

constexpr std::size_t step = 64;
constexpr std::size_t length_bytes_max = 20;
constexpr std::string_view content_key = R"("content":")";
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view length_name = "\r\ncontent-length: ";
constexpr std::string_view chunked_name = "\r\ntransfer-encoding: chunked\r\n";

}  // namespace

void Form::Piece::assign(std::string_view text, std::string_view id) {
  SLUICE_ASSERT(!id.empty());
  size_bytes = text.size();
  bytes = text;
  bytes.resize((size_bytes + step - 1) / step * step);
  ids.clear();
  for (std::size_t at = text.find(id); at != text.npos; at = text.find(id, at + id.size()))
    ids.push_back(at);
}

void Form::Piece::put_id(std::string_view id) noexcept {
  for (const std::size_t at : ids) std::memcpy(bytes.data() + at, id.data(), id.size());
}

// Up to 63 bytes behind the end are written too.
char* Form::Piece::copy_to(char* at) const noexcept {
  // By value: what is a member would be read anew after every store.
  const char* const from = bytes.data();
  const std::size_t count = size_bytes;
  for (std::size_t i = 0; i < count; i += step) {
    copy_32(at + i, from + i);
    copy_32(at + i + 32, from + i + 32);
  }
  return at + count;
}

std::optional<Form> Form::learn(std::string_view wire, const Filling& filling, std::uint64_t tokens,
                                bool ended) {
  Form form;
  form.tokens_ = tokens;
  form.ended_ = ended;
  if (tokens == 0 || !form.take_apart(wire, filling) || form.fill(filling).view() != wire)
    return std::nullopt;
  return form;
}

// Finds the places. A wrong guess is no harm: what was learnt is tried out by learn().
bool Form::take_apart(std::string_view wire, const Filling& filling) {
  const std::size_t body_begin = wire.find(head_end) + head_end.size();
  if (body_begin < head_end.size()) return false;
  const std::string_view head = wire.substr(0, body_begin);
  const bool chunked = head.find(chunked_name) != head.npos;
  const std::size_t named = chunked ? body_begin : head.find(length_name);
  if (named == head.npos) return false;
  const std::size_t length_begin = chunked ? named : named + length_name.size();
  const std::size_t length_end = wire.find("\r\n", length_begin);
  base_ = chunked ? 16 : 10;
  std::size_t length = 0;
  const auto [end, error] =
      std::from_chars(wire.data() + length_begin, wire.data() + length_end, length, base_);
  if (error != std::errc{} || end != wire.data() + length_end) return false;

  Words words(filling.seed);
  const std::string_view first = words.next();
  const std::string text = text_of(filling.seed, tokens_, ended_);
  const std::string opening = std::string(content_key).append(first);
  const std::size_t key = wire.find(opening, length_end);
  if (key == wire.npos) return false;
  const std::size_t text_begin = key + content_key.size();
  const std::size_t first_end = text_begin + first.size();
  // A token but the first begins with a blank: one that follows at once is of the same text.
  std::string_view between;
  if (tokens_ > 1 && wire[first_end] != ' ') {
    const std::size_t next_key = wire.find(content_key, first_end);
    if (next_key == wire.npos) return false;
    between = wire.substr(first_end, next_key + content_key.size() - first_end);
  }
  const std::size_t back_begin = text_begin + text.size() + (tokens_ - 1) * between.size();
  if (back_begin > wire.size() || text.size() > length) return false;
  fixed_bytes_ = length - text.size();
  before_.assign(wire.substr(0, length_begin), filling.request_id);
  front_.assign(wire.substr(length_end, text_begin - length_end), filling.id);
  between_.assign(between, filling.id);
  back_.assign(wire.substr(back_begin), filling.id);
  return true;
}

Slice Form::fill(const Filling& filling) {
  before_.put_id(filling.request_id);
  for (Piece* piece : {&front_, &between_, &back_}) piece->put_id(filling.id);
  // The length stands in front of what it is the length of, so there is room for a long one.
  const std::size_t body_begin = before_.size_bytes + length_bytes_max;
  Block block(body_begin + front_.size_bytes +
              tokens_ * (between_.size_bytes + sizeof(FramedWord)) + back_.size_bytes + step);
  char* const begin = block.data();
  char* const text = front_.copy_to(begin + body_begin);
  Words words(filling.seed);
  char* at = write_bytes(text, words.next());
  if (between_.size_bytes == 0) {
    words.next(tokens_ - 1, [&at](const FramedWord& word) { at = word.copy_to(at); });
  } else {
    words.next(tokens_ - 1,
               [this, &at](const FramedWord& word) { at = word.copy_to(between_.copy_to(at)); });
  }
  if (ended_) *at++ = '.';
  const auto text_bytes = static_cast<std::size_t>(at - text) - (tokens_ - 1) * between_.size_bytes;
  at = back_.copy_to(at);
  char digits[length_bytes_max];
  const char* const digits_end =
      std::to_chars(digits, digits + length_bytes_max, fixed_bytes_ + text_bytes, base_).ptr;
  const auto length_bytes = static_cast<std::size_t>(digits_end - digits);
  char* const length = begin + body_begin - length_bytes;
  char* const wire = length - before_.size_bytes;
  write_bytes(wire, {before_.bytes.data(), before_.size_bytes});  // and not a byte of the next
  write_bytes(length, {digits, length_bytes});
  block.advance(static_cast<std::size_t>(at - begin));
  Slice answer = std::move(block).freeze();
  answer.remove_prefix(static_cast<std::size_t>(wire - begin));
  return answer;
}

}  // namespace sluice::simulator
