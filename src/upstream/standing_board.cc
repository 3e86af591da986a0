#include "sluice/upstream/standing_board.h"

#include <bit>
#include <cstring>

#include "sluice/base/assert.h"

// A sequence lock whose words carry the order themselves, in place of fences, which the thread
// sanitizer does not understand; on x86-64 all of it is plain moves.
namespace sluice::upstream {

// A word is released after the odd version: who sees the word sees that version, or a later one.
void StandingBoard::publish(std::size_t subject, const Standing& standing) noexcept {
  SLUICE_ASSERT(subject < places_.size());
  Place& place = places_[subject];
  std::array<Word, word_count> words;
  std::memcpy(words.data(), &standing, sizeof standing);
  const std::uint32_t version = place.version.load(std::memory_order_relaxed);
  place.version.store(version + 1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < word_count; ++i) {
    place.words[i].store(words[i], std::memory_order_release);
  }
  place.version.store(version + 2, std::memory_order_release);
}

// Words are acquired before the version is looked at again: had one of them been newer than
// `before`, that look would see so.
bool StandingBoard::copy(std::size_t subject, std::uint32_t& version,
                         Standing& standing) const noexcept {
  SLUICE_ASSERT(subject < places_.size());
  const Place& place = places_[subject];
  const std::uint32_t before = place.version.load(std::memory_order_acquire);
  if (before == version || before % 2 != 0) return false;
  std::array<Word, word_count> words;
  for (std::size_t i = 0; i < word_count; ++i) {
    words[i] = place.words[i].load(std::memory_order_acquire);
  }
  if (place.version.load(std::memory_order_relaxed) != before) return false;
  standing = std::bit_cast<Standing>(words);
  version = before;
  return true;
}

}  // namespace sluice::upstream
