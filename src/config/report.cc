#include "sluice/config/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice::config {
namespace {

using Out = std::back_insert_iterator<std::string>;

std::string_view plural(std::size_t count) { return count == 1 ? "" : "s"; }

void report_listeners(Out out, const Config& config) {
  for (const ListenerConfig& listener : config.listeners) {
    fmt::format_to(
        out, "listens on  {}, {}{}{}\n", listener.address.to_string(),
        listener.tls.empty() ? "plaintext"
                             : fmt::format("TLS with {} certificate{}", listener.tls.size(),
                                           plural(listener.tls.size())),
        listener.proxy_protocol ? ", PROXY protocol" : "",
        listener.allows_anonymous(!config.keys.empty()) ? ", anonymous callers" : ", gateway keys");
  }
  fmt::format_to(out, "admin       {}\n",
                 config.admin.address ? config.admin.address->to_string() : "off");
}

void report_provider(Out out, const catalog::ModelTable& models,
                     const catalog::Provider& provider) {
  const auto served = std::count_if(
      models.models().begin(), models.models().end(), [&](const catalog::Model& model) {
        return std::any_of(model.deployments.begin(), model.deployments.end(),
                           [&](const auto& each) { return each.provider == &provider; });
      });
  std::string keys;
  for (const catalog::Credential& credential : provider.credentials) {
    keys += (keys.empty() ? "" : ", ") + credential.label;
  }
  if (keys.empty()) keys = "no key";
  if (provider.byok) keys += ", callers' own";
  fmt::format_to(out, "provider    {}: {} at {}, region {}, {} model{}, {}\n", provider.name,
                 to_string(provider.dialect), provider.url.text(), provider.region, served,
                 plural(static_cast<std::size_t>(served)), keys);
}

void report_keys(Out out, const Config& config) {
  if (config.keys.empty()) {
    fmt::format_to(out, "keys        none: callers are anonymous\n");
    return;
  }
  std::string names;
  constexpr std::size_t names_max = 20;
  for (std::size_t i = 0; i < config.keys.size() && i < names_max; ++i) {
    names += (i == 0 ? "" : ", ") + config.keys[i].name;
  }
  if (config.keys.size() > names_max) names += ", ...";
  fmt::format_to(out, "keys        {}: {}\n", config.keys.size(), names);
}

}  // namespace

std::string render_report(const Loaded& loaded) {
  const Complaints& complaints = loaded.complaints;
  std::string text;
  Out out(text);
  if (complaints.failed()) {
    text = complaints.render(Severity::note);
    fmt::format_to(out, "{} cannot be used as it is\n",
                   complaints.file().empty() ? "the environment" : complaints.file());
    return text;
  }
  fmt::format_to(
      out, "file        {}\n",
      loaded.config.file.empty() ? "none: environment and built-in catalogue" : loaded.config.file);
  report_listeners(out, loaded.config);
  for (const auto& provider : loaded.models.providers()) {
    report_provider(out, loaded.models, *provider);
  }
  fmt::format_to(out, "models      {}, {} deployment{}\n", loaded.models.models().size(),
                 loaded.models.deployment_count(), plural(loaded.models.deployment_count()));
  report_keys(out, loaded.config);
  text += complaints.render(Severity::note);
  return text;
}

}  // namespace sluice::config
