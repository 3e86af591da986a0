// What to say about words an operator wrote: which known one was meant, and whether a word may be
// shown at all.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice::config {

/// The number of letters to insert, delete, replace or swap with their neighbour to get from one
/// word to the other (optimal string alignment). Words longer than 64 bytes count as far away.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known word nearest to `word`, or empty when none is near (a third of its length, at least
/// 1).
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> known);

/// Whether a word is certainly no secret by its shape: short, printable ASCII, and not the random
/// mix of letters and digits that keys are.
[[nodiscard]] bool showable(std::string_view word);

/// The word in double quotes when it may be shown, else "a text of N bytes".
[[nodiscard]] std::string shown(std::string_view word);

}  // namespace sluice::config
