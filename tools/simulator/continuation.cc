#include "simulator/continuation.h"

#include <algorithm>
#include <utility>

#include "simulator/text.h"

namespace sluice::simulator {
namespace {

bool asks_to_continue(std::string_view text) {
  constexpr std::string_view word = "continue";
  const auto alike = [](char a, char b) { return static_cast<char>(a | 0x20) == b; };
  return !std::ranges::search(text, word, alike).empty();
}

/// Whether `said` is how the answer to `asked` begins, and not all of it.
bool is_begin_of_answer(std::string_view said, std::string_view asked, std::uint32_t tokens) {
  const std::string whole = text_of(seed_of(asked), tokens, true);
  return !said.empty() && said.size() < whole.size() && whole.starts_with(said);
}

}  // namespace

void Turns::user(std::string text) {
  is_users_ = true;
  if (text.empty()) return;
  asked_before_ = std::exchange(asked_, std::move(text));
}

void Turns::assistant(std::string text) {
  is_users_ = false;
  said_ = std::move(text);
}

Turns::Question Turns::question(std::uint32_t tokens) const {
  if (is_prefilled()) return {asked_, said_};
  if (asks_to_continue(asked_) && is_begin_of_answer(said_, asked_before_, tokens))
    return {asked_before_, said_};
  return {asked_, {}};
}

}  // namespace sluice::simulator
