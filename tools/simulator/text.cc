#include "simulator/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace sluice::simulator {
namespace {

constexpr std::array<std::string_view, Words::count> spellings = {
    "river",   "gate",   "water",       "stone",   "bridge",   "quiet", "morning", "light",
    "ferry",   "market", "under",       "seven",   "lantern",  "old",   "harbour", "follows",
    "naïve",   "größe",  "señor",       "façade",  "Ærø",      "žluť",  "über",    "crème",
    "Привет",  "мир",    "Ελλάδα",      "שלום",    "سلام",     "हिन्दी", "ไทย",     "한국어",
    "漢字",    "水門",   "東京",        "かな",    "カタカナ", "中文",  "運河",    "…",
    "🙂",      "🚀",     "👩‍🔬", "🇨🇭",      "𝔘𝔫𝔦",      "𠮷",    "€uro",    "½",
    "and",     "the",    "of",          "with",    "over",     "from",  "slow",    "bright",
    "carries", "opens",  "weir",        "channel", "keeper",   "lock",  "stream",  "valley"};

constexpr std::array<FramedWord, Words::count> frame_all() {
  std::array<FramedWord, Words::count> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].bytes[0] = ' ';
    std::ranges::copy(spellings[i], all[i].bytes + 1);
    all[i].size_bytes = static_cast<std::uint8_t>(1 + spellings[i].size());
  }
  return all;
}

std::uint64_t word_at(const char* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  return word;
}

// Without loss: for one `state` every other `word` gives another result, and the other way round.
std::uint64_t stir(std::uint64_t state, std::uint64_t word) noexcept {
  return (std::rotl(state, 23) ^ word) * golden_ratio;
}

}  // namespace

alignas(64) constexpr std::array<FramedWord, Words::count> Words::vocabulary = frame_all();

std::uint64_t seed_of(std::string_view text) noexcept {
  std::uint64_t state = mix(text.size() + golden_ratio);
  if (text.size() >= 32) {
    // Side by side, for in one chain each word waits five cycles for the one before it.
    std::array<std::uint64_t, 4> lanes = {state, state + 1, state + 2, state + 3};
    while (text.size() >= 32) {
      for (std::size_t i = 0; i < lanes.size(); ++i)
        lanes[i] = stir(lanes[i], word_at(text.data() + 8 * i));
      text.remove_prefix(32);
    }
    for (const std::uint64_t lane : lanes) state = stir(state, lane);
  }
  while (text.size() >= 8) {
    state = stir(state, word_at(text.data()));
    text.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, text.data(), text.size());
  return mix(stir(state, rest));
}

std::uint64_t tokens_of(std::uint64_t size_bytes) noexcept {
  return size_bytes < 4 ? 1 : size_bytes / 4;
}

void append_text(std::string& out, std::uint64_t seed, std::uint64_t tokens, bool ended,
                 std::uint32_t* ends) {
  if (tokens == 0) return;
  const std::size_t begin = out.size();
  Words words(seed);
  out += words.next();  // no blank in front of the first
  std::uint32_t* const last_end = ends == nullptr ? nullptr : ends + (tokens - 1);
  if (ends != nullptr) ends[0] = static_cast<std::uint32_t>(out.size() - begin);
  const std::size_t before = out.size();
  const std::size_t room = static_cast<std::size_t>(tokens - 1) * sizeof(FramedWord);
  // By value: what is reached by reference would be read and written anew for every word.
  out.resize_and_overwrite(before + room, [=](char* bytes, std::size_t) mutable {
    char* at = bytes + before;
    words.next(tokens - 1, [&](const FramedWord& word) {
      at = word.copy_to(at);
      if (ends != nullptr) *++ends = static_cast<std::uint32_t>(at - (bytes + begin));
    });
    return static_cast<std::size_t>(at - bytes);
  });
  if (!ended) return;
  out += '.';
  if (last_end != nullptr) ++*last_end;
}

std::string text_of(std::uint64_t seed, std::uint64_t tokens, bool ended) {
  std::string text;
  append_text(text, seed, tokens, ended);
  return text;
}

}  // namespace sluice::simulator
