// Runs a test over seeds, so that a failure names the one that repeats it.
#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "drawn_chat.h"

namespace sluice::llm::testing {

/// `count` seeds, or SLUICE_DRAWN_SEEDS of them; with SLUICE_DRAWN_SEED that one alone. Ends at the
/// first that fails, for what fails it is drawn small: see draw_chat().
template <typename Run>
void for_each_drawn(std::uint64_t count, const Run& run) {
  const auto number = [](const char* name) -> std::uint64_t {
    const char* text = std::getenv(name);
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
  };
  const std::uint64_t only = number("SLUICE_DRAWN_SEED");
  const std::uint64_t wanted = number("SLUICE_DRAWN_SEEDS");
  const std::uint64_t last = only != 0 ? only : wanted != 0 ? wanted : count;
  for (std::uint64_t seed = only != 0 ? only : 1; seed <= last; ++seed) {
    SCOPED_TRACE("SLUICE_DRAWN_SEED=" + std::to_string(seed));
    run(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace sluice::llm::testing
