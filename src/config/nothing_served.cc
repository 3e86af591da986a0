// A configuration that leaves no model to serve: never what anybody meant, so it is an error, and
// says what became of the providers there are.
#include <fmt/format.h>

#include "building.h"

namespace sluice::config {
namespace {

constexpr std::size_t providers_told_max = 8;  // who forgot more than these sees them in the notes

bool any_usable(const Building& building) {
  for (const ResolvedProvider& provider : building.providers) {
    if (provider.usable) return true;
  }
  return false;
}

// "anthropic: speaks the dialect anthropic, ...; azure: its URL needs ...".
std::string what_was_left_out(const Building& building) {
  std::string text;
  std::size_t told = 0;
  for (const ResolvedProvider& provider : building.providers) {
    if (provider.usable) continue;
    if (told++ == providers_told_max) return text + "; ...";
    text += (text.empty() ? "" : "; ") + provider.config->name + ": " + provider.left_out;
  }
  return text;
}

std::string why_nothing_is_served(const Building& building) {
  const bool has_file = !building.config.file.empty();
  const std::string_view add = has_file ? "add a [[provider]] that speaks the dialect \"openai\""
                                        : "set OPENAI_API_KEY (or another provider's)";
  if (building.config.providers.empty() && !has_file) {
    return fmt::format(
        "no configuration file and no provider key in the environment: {}, write {}, or try it out "
        "with sluice --simulated-provider",
        add, default_path);
  }
  if (building.config.providers.empty()) {
    return "no model can be served, for there is no [[provider]]: add one, such as name = "
           "\"openai\" with its key in OPENAI_API_KEY, or try it out with sluice "
           "--simulated-provider";
  }
  if (any_usable(building) && !building.config.models.empty()) {
    return fmt::format(
        "no model can be served, for every [[model]] is deployed only where that is left out ({}): "
        "give one a [[model.deployment]] at another provider",
        what_was_left_out(building));
  }
  if (any_usable(building)) {
    return "no model can be served, for none is named: add a [[model]], or say all_models = true "
           "at a [[provider]]";
  }
  return fmt::format("no model can be served, for every provider is left out ({}): {}",
                     what_was_left_out(building), add);
}

}  // namespace

void check_not_empty(Building& building, const catalog::ModelTable& table) {
  if (!table.models().empty() || building.complaints.failed()) return;
  building.complaints.error({}, "", why_nothing_is_served(building));
}

}  // namespace sluice::config
