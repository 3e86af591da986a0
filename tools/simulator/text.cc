#include "simulator/text.h"

#include <array>
#include <bit>
#include <cstring>

namespace sluice::simulator {
namespace {

// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;

constexpr std::array<std::string_view, 64> vocabulary = {
    "river",   "gate",   "water",       "stone",   "bridge",   "quiet", "morning", "light",
    "ferry",   "market", "under",       "seven",   "lantern",  "old",   "harbour", "follows",
    "naïve",   "größe",  "señor",       "façade",  "Ærø",      "žluť",  "über",    "crème",
    "Привет",  "мир",    "Ελλάδα",      "שלום",    "سلام",     "हिन्दी", "ไทย",     "한국어",
    "漢字",    "水門",   "東京",        "かな",    "カタカナ", "中文",  "運河",    "…",
    "🙂",      "🚀",     "👩‍🔬", "🇨🇭",      "𝔘𝔫𝔦",      "𠮷",    "€uro",    "½",
    "and",     "the",    "of",          "with",    "over",     "from",  "slow",    "bright",
    "carries", "opens",  "weir",        "channel", "keeper",   "lock",  "stream",  "valley"};

}  // namespace

std::uint64_t seed_of(std::string_view text) noexcept {
  std::uint64_t state = mix(text.size() + golden);
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    state = (std::rotl(state, 23) ^ word) * golden;
    text.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, text.data(), text.size());
  return mix((std::rotl(state, 23) ^ rest) * golden);
}

std::uint64_t tokens_of(std::uint64_t size_bytes) noexcept {
  return size_bytes < 4 ? 1 : size_bytes / 4;
}

std::string_view Words::next() noexcept {
  state_ += golden;
  return vocabulary[mix(state_) % vocabulary.size()];
}

std::string text_of(std::uint64_t seed, std::uint64_t tokens, bool ended) {
  Words words(seed);
  std::string text;
  for (std::uint64_t i = 0; i < tokens; ++i) {
    if (i != 0) text += ' ';
    text += words.next();
  }
  if (ended && tokens != 0) text += '.';
  return text;
}

}  // namespace sluice::simulator
