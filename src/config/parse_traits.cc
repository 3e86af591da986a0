#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsing.h"
#include "sluice/config/spelling.h"

namespace sluice::config {
namespace {

template <typename Traits, typename Said>
void parse_flags(Section& section, std::span<const llm::TraitFlag<Traits>> flags, Said& said) {
  for (const llm::TraitFlag<Traits>& flag : flags) {
    bool value = false;
    if (section.flag(flag.name, value)) said.flags.emplace_back(flag.member, value);
  }
}

void parse_text(Section& section, std::string_view key, std::optional<std::string>& value) {
  std::string read;
  if (section.text(key, read)) value = std::move(read);
}

void parse_thinking_control(Section& section, llm::ModelTraitOverrides& traits) {
  constexpr std::array<std::string_view, 5> names = {"none", "budget", "adaptive", "level",
                                                     "effort"};
  std::string text;
  if (!section.text("thinking", text)) return;
  traits.thinking = llm::parse_thinking(text);
  if (traits.thinking) return;
  const std::string_view meant = nearest(text, names);
  section.error("thinking", meant.empty() ? "must be one of none, budget, adaptive, level, effort"
                                          : shown(text) + " is no way of thinking; did you mean " +
                                                shown(meant) + "?");
}

}  // namespace

void parse_traits(Section& parent, llm::ModelTraitOverrides& traits) {
  parent.table("traits", [&](Section& section) {
    parse_flags(section, llm::model_flags(), traits);
    parse_thinking_control(section, traits);
    std::uint64_t tokens = 0;
    if (section.count("output_tokens_max", tokens, 1, 1'000'000'000)) {
      traits.output_tokens_max = tokens;
    }
    std::string publisher;
    if (parse_name(section, "publisher", publisher, false)) traits.publisher = publisher;
  });
}

void parse_quirks(Section& parent, llm::HostTraitOverrides& quirks) {
  parent.table("quirks", [&](Section& section) {
    parse_flags(section, llm::host_flags(), quirks);
    parse_text(section, "output_tokens_name", quirks.output_tokens_name);
    parse_text(section, "seed_name", quirks.seed_name);
    parse_text(section, "reasoning_name", quirks.reasoning_name);
    std::uint32_t letters = 0;
    if (section.count("call_id_letters", letters, 0, llm::call_id_letters_max)) {
      quirks.call_id_letters = letters;
    }
    std::vector<std::string> refused;
    if (section.texts("refused", refused)) quirks.refused = std::move(refused);
    section.broken_rule(quirks.broken_rule());
  });
}

}  // namespace sluice::config
