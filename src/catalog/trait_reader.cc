#include "trait_reader.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::catalog {
namespace {

namespace dom = simdjson::dom;

void note(std::string& fault, std::string_view name, std::string_view what) {
  if (fault.empty()) fault = std::string(name) + " " + std::string(what);
}

template <typename Visit>
void each_member(dom::element value, std::string_view name, std::string& fault, Visit visit) {
  dom::object members;
  if (value.get(members) != simdjson::SUCCESS) return note(fault, name, "must be an object");
  for (const dom::key_value_pair member : members) visit(member.key, member.value);
}

std::vector<std::string> texts(dom::element value, std::string_view name, std::string& fault) {
  std::vector<std::string> read;
  dom::array list;
  if (value.get(list) != simdjson::SUCCESS) note(fault, name, "must be a list");
  for (const dom::element item : list) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) note(fault, name, "must hold texts");
    read.emplace_back(text);
  }
  return read;
}

std::optional<std::string> text(dom::element value, std::string_view name, std::string& fault) {
  std::string_view read;
  if (value.get(read) == simdjson::SUCCESS) return std::string(read);
  note(fault, name, "must be a text");
  return std::nullopt;
}

std::optional<std::uint64_t> count(dom::element value, std::string_view name, std::string& fault) {
  std::uint64_t read = 0;
  if (value.get(read) == simdjson::SUCCESS) return read;
  note(fault, name, "must be a whole number");
  return std::nullopt;
}

/// Whether `name` is one of the flags.
template <typename Traits, typename Said>
bool read_flag(std::span<const llm::TraitFlag<Traits>> flags, std::string_view name,
               dom::element value, Said& said, std::string& fault) {
  for (const llm::TraitFlag<Traits>& flag : flags) {
    if (flag.name != name) continue;
    bool read = false;
    if (value.get(read) != simdjson::SUCCESS) note(fault, name, "must be true or false");
    said.flags.emplace_back(flag.member, read);
    return true;
  }
  return false;
}

}  // namespace

llm::ModelTraitOverrides read_model_traits(dom::element object, std::string& fault) {
  llm::ModelTraitOverrides traits;
  each_member(object, "traits", fault, [&](std::string_view name, dom::element value) {
    if (read_flag(llm::model_flags(), name, value, traits, fault)) return;
    if (name == "output_tokens_max") {
      traits.output_tokens_max = count(value, name, fault);
    } else if (name == "publisher") {
      traits.publisher = text(value, name, fault);
    } else if (name == "thinking") {
      traits.thinking = llm::parse_thinking(text(value, name, fault).value_or(""));
      if (!traits.thinking) note(fault, name, "is no way of thinking");
    } else if (name == "thinking_variable") {
      traits.thinking_variable = text(value, name, fault);
    } else {
      note(fault, name, "is no trait of a model");
    }
  });
  if (const auto rule = traits.broken_rule(); rule && fault.empty()) fault = *rule;
  return traits;
}

llm::HostTraitOverrides read_quirks(dom::element object, std::string& fault) {
  llm::HostTraitOverrides quirks;
  each_member(object, "quirks", fault, [&](std::string_view name, dom::element value) {
    if (read_flag(llm::host_flags(), name, value, quirks, fault)) return;
    if (name == "output_tokens_name") {
      quirks.output_tokens_name = text(value, name, fault);
    } else if (name == "seed_name") {
      quirks.seed_name = text(value, name, fault);
    } else if (name == "reasoning_name") {
      quirks.reasoning_name = text(value, name, fault);
    } else if (name == "thinking_switch") {
      quirks.thinking_switch = llm::parse_thinking_switch(text(value, name, fault).value_or(""));
      if (!quirks.thinking_switch) note(fault, name, "is no way to switch thinking");
    } else if (name == "prefill") {
      quirks.prefill = llm::parse_prefill(text(value, name, fault).value_or(""));
      if (!quirks.prefill) note(fault, name, "is no way to have an answer gone on with");
    } else if (name == "call_id_letters") {
      quirks.call_id_letters = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(count(value, name, fault).value_or(0), UINT32_MAX));
    } else if (name == "refused") {
      quirks.refused = texts(value, name, fault);
    } else {
      note(fault, name, "is no trait of a host");
    }
  });
  if (const auto rule = quirks.broken_rule(); rule && fault.empty()) fault = *rule;
  return quirks;
}

TraitRule read_trait_rule(dom::element entry, std::string& fault) {
  TraitRule rule;
  dom::element value;
  if (entry.at_key("models").get(value) == simdjson::SUCCESS) {
    rule.models = texts(value, "models", fault);
  }
  if (rule.models.empty()) note(fault, "models", "is missing");
  if (entry.at_key("traits").get(value) == simdjson::SUCCESS) {
    rule.traits = read_model_traits(value, fault);
  } else {
    note(fault, "traits", "is missing");
  }
  return rule;
}

}  // namespace sluice::catalog
