// StandingBoard: how every deployment, or every credential, stands, for all cores to copy.
//
//   core that sums a subject up --publish()--> its place on the board --copy()--> every core
//
// Summing up is dear, and so is what is kept for it: one core does it for all. Which one is a
// matter of numbers alone (share_of), so that nobody has to agree on anything.
// One writer per subject, always the same thread; any thread copies, without locks.
// What is copied is whole: of one publish(), never of two.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "sluice/upstream/standing.h"

namespace sluice::upstream {

/// Subjects that lie side by side.
struct SubjectRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;

  [[nodiscard]] constexpr bool contains(std::size_t subject) const noexcept {
    return subject >= first && subject - first < count;
  }
};

/// Those that one of `cores` sums up: every subject is in the share of exactly one core. Of more
/// cores than subjects some have nothing to do.
[[nodiscard]] constexpr SubjectRange share_of(std::size_t core, std::size_t cores,
                                              std::size_t subjects) noexcept {
  const std::size_t first = core * subjects / cores;
  const std::size_t end = (core + 1) * subjects / cores;
  return {.first = static_cast<std::uint32_t>(first),
          .count = static_cast<std::uint32_t>(end - first)};
}

class StandingBoard {
 public:
  explicit StandingBoard(std::size_t subjects) : places_(subjects) {}

  /// The subject's one writer. `ejected` and `share` mean nothing here: each core decides them.
  void publish(std::size_t subject, const Standing& standing) noexcept;

  /// Any thread. True: `standing` is another one than that of `version`, which is moved on. False:
  /// there is nothing new, or it is being written just now and the next call will find it.
  /// `version` begins with 0, for nothing ever.
  [[nodiscard]] bool copy(std::size_t subject, std::uint32_t& version,
                          Standing& standing) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

 private:
  using Word = std::uint64_t;
  static_assert(std::is_trivially_copyable_v<Standing> && sizeof(Standing) % sizeof(Word) == 0);
  static constexpr std::size_t word_count = sizeof(Standing) / sizeof(Word);

  struct alignas(64) Place {
    std::atomic<std::uint32_t> version{0};  // odd: being written
    std::array<std::atomic<Word>, word_count> words{};
  };
  std::vector<Place> places_;
};

}  // namespace sluice::upstream
