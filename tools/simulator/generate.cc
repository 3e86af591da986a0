#include "simulator/generate.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "simulator/bytes32.h"
#include "simulator/text.h"
#include "sluice/json/utf8.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

/// Cuts the text before the first of `stops`; tokens behind it go.
void apply_stops(Text& text, const std::vector<std::string>& stops) {
  std::size_t cut = std::string::npos;
  for (const std::string& stop : stops) {
    if (!stop.empty()) cut = std::min(cut, text.bytes.find(stop));
  }
  if (cut == std::string::npos) return;
  text.bytes.resize(cut);
  while (!text.ends.empty() && (text.ends.size() == 1 ? 0 : text.ends[text.ends.size() - 2]) >= cut)
    text.ends.pop_back();
  if (!text.ends.empty()) text.ends.back() = static_cast<std::uint32_t>(cut);
  text.ended = true;
}

/// Drops what was said before. A token that was cut in two keeps its rest.
void drop_begun(Text& text, std::string_view begun) {
  if (!text.bytes.starts_with(begun)) return;
  text.bytes.erase(0, begun.size());
  std::erase_if(text.ends, [&](std::uint32_t end) { return end <= begun.size(); });
  for (std::uint32_t& end : text.ends) end -= static_cast<std::uint32_t>(begun.size());
}

void cut_to(Text& text, std::uint64_t limit) {
  if (limit == 0 || text.tokens() <= limit) return;
  text.ends.resize(limit);
  text.bytes.resize(text.ends.back());
  text.ended = false;
}

// The 48 low bits as eight numbers of six, one per byte, the lowest first.
constexpr std::uint64_t eight_numerals(std::uint64_t bits) noexcept {
  bits = (bits & 0x0000000000ffffffU) | (bits & 0x0000ffffff000000U) << 8U;
  bits = (bits & 0x00000fff00000fffU) | (bits & 0x00fff00000fff000U) << 4U;
  return (bits & 0x003f003f003f003fU) | (bits & 0x0fc00fc00fc00fc0U) << 2U;
}

// Makes numbers below 64 letters: 0-9, A-Z, a-z, and A and B once more. A sum and not a table: so
// they are found side by side.
void make_letters(std::array<char, sizeof(Bytes32)>& numerals) noexcept {
  Bytes32 n;
  std::memcpy(&n, numerals.data(), sizeof n);
  n += '0' + ((n > 9) & ('A' - '9' - 1)) + ((n > 35) & ('a' - 'Z' - 1)) -
       ((n > 61) & ('z' + 1 - 'A'));
  std::memcpy(numerals.data(), &n, sizeof n);
}

}  // namespace

Text generate_text(std::uint64_t seed, std::uint64_t wanted, std::uint64_t limit,
                   const std::vector<std::string>& stops, std::string_view begun) {
  if (!begun.empty()) {
    Text rest = generate_text(seed, wanted, 0, {});
    drop_begun(rest, begun);
    cut_to(rest, limit);
    if (!stops.empty()) apply_stops(rest, stops);
    return rest;
  }
  Text text;
  text.ended = limit == 0 || limit >= wanted;
  const std::uint64_t tokens = text.ended ? wanted : limit;
  text.ends.resize(tokens);
  append_text(text.bytes, seed, tokens, text.ended, text.ends.data());
  if (!stops.empty()) apply_stops(text, stops);
  return text;
}

Text tokenize(std::string bytes, std::uint64_t limit, std::string_view begun) {
  if (bytes.starts_with(begun)) bytes.erase(0, begun.size());
  Text text;
  text.plain = false;
  std::size_t end = 0;
  while (end < bytes.size()) {
    if (limit != 0 && text.ends.size() == limit) {
      text.ended = false;
      bytes.resize(end);
      break;
    }
    end += json::utf8_prefix(std::string_view(bytes).substr(end), 4).size();
    text.ends.push_back(static_cast<std::uint32_t>(end));
  }
  text.bytes = std::move(bytes);
  return text;
}

void append_token(std::string& out, const Text& text, std::size_t index) {
  if (text.plain) {
    out += text.token(index);
    return;
  }
  const std::size_t at = out.size();
  json::append_quoted(out, text.token(index));
  out.pop_back();
  out.erase(at, 1);
}

void draw_letters(std::string& id, std::size_t prefix_bytes, Random& random) noexcept {
  std::array<char, sizeof(Bytes32)> letters{};
  char* at = id.data() + prefix_bytes;
  std::size_t left = id.size() - prefix_bytes;
  while (left != 0) {
    const std::size_t count = std::min(left, letters.size());
    for (std::size_t i = 0; i < count; i += 8) {
      const std::uint64_t numerals = eight_numerals(random.next());
      std::memcpy(letters.data() + i, &numerals, sizeof numerals);
    }
    make_letters(letters);
    std::memcpy(at, letters.data(), count);
    at += count;
    left -= count;
  }
}

std::string make_id(std::string_view prefix, Random& random, std::size_t letters) {
  std::string id;
  id.resize_and_overwrite(prefix.size() + letters, [&](char* bytes, std::size_t size_bytes) {
    std::ranges::copy(prefix, bytes);
    return size_bytes;
  });
  draw_letters(id, prefix.size(), random);
  return id;
}

std::uint64_t seed_of_choice(std::uint64_t seed, std::uint64_t index) noexcept {
  return seed + index * 0x632be59bd9b4e019U;
}

}  // namespace sluice::simulator
