#include "simulator/generate.h"

#include <algorithm>

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

}  // namespace

Text generate_text(std::uint64_t seed, std::uint64_t wanted, std::uint64_t limit,
                   const std::vector<std::string>& stops) {
  Text text;
  text.ended = limit == 0 || limit >= wanted;
  const std::uint64_t tokens = text.ended ? wanted : limit;
  text.ends.resize(tokens);
  append_text(text.bytes, seed, tokens, text.ended, text.ends.data());
  if (!stops.empty()) apply_stops(text, stops);
  return text;
}

Text tokenize(std::string bytes, std::uint64_t limit) {
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

std::string make_id(std::string_view prefix, Random& random, std::size_t letters) {
  constexpr std::string_view alphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzAB";
  constexpr std::size_t group = 8;  // letters from one number; the last group may be cut
  std::string id;
  id.resize_and_overwrite(prefix.size() + letters + group, [&](char* bytes, std::size_t) {
    char* at = std::ranges::copy(prefix, bytes).out;
    char* const end = at + letters;
    while (at < end) {
      std::uint64_t bits = random.next();
      for (std::size_t i = 0; i < group; ++i, bits >>= 6U) *at++ = alphabet[bits & 63U];
    }
    return prefix.size() + letters;
  });
  return id;
}

std::uint64_t seed_of_choice(std::uint64_t seed, std::uint64_t index) noexcept {
  return seed + index * 0x632be59bd9b4e019U;
}

}  // namespace sluice::simulator
