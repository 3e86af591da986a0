#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

// One of an enumeration's names.
template <typename Enum>
void parse_enum(Section& section, std::string_view key, std::span<const std::string_view> names,
                std::optional<Enum> (*parse)(std::string_view) noexcept,
                std::optional<Enum>& value) {
  std::string text;
  if (!section.text(key, text)) return;
  value = parse(text);
  if (value) return;
  const std::string_view meant = nearest(text, names);
  section.error(key, meant.empty() ? fmt::format("must be one of {}", fmt::join(names, ", "))
                                   : shown(text) + " is none that is known; did you mean " +
                                         shown(meant) + "?");
}

}  // namespace

void parse_traits(Section& parent, llm::ModelTraitOverrides& traits) {
  parent.table("traits", [&](Section& section) {
    parse_flags(section, llm::model_flags(), traits);
    parse_enum(section, "thinking", llm::thinking_names(), llm::parse_thinking, traits.thinking);
    parse_text(section, "thinking_variable", traits.thinking_variable);
    std::uint64_t tokens = 0;
    if (section.count("output_tokens_max", tokens, 1, 1'000'000'000)) {
      traits.output_tokens_max = tokens;
    }
    std::string publisher;
    if (parse_name(section, "publisher", publisher, false)) traits.publisher = publisher;
    section.broken_rule(traits.broken_rule());
  });
}

void parse_quirks(Section& parent, llm::HostTraitOverrides& quirks) {
  parent.table("quirks", [&](Section& section) {
    parse_flags(section, llm::host_flags(), quirks);
    parse_text(section, "output_tokens_name", quirks.output_tokens_name);
    parse_text(section, "seed_name", quirks.seed_name);
    parse_text(section, "reasoning_name", quirks.reasoning_name);
    parse_enum(section, "thinking_switch", llm::thinking_switch_names(), llm::parse_thinking_switch,
               quirks.thinking_switch);
    parse_enum(section, "prefill", llm::prefill_names(), llm::parse_prefill, quirks.prefill);
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
