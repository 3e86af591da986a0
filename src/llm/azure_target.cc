#include "sluice/llm/azure_target.h"

#include "path_segment.h"

namespace sluice::llm {
namespace {

bool is_of_resource(std::string_view path) noexcept {
  constexpr std::string_view responses = "/responses";
  return path.starts_with(responses) &&
         (path.size() == responses.size() || path[responses.size()] == '/');
}

}  // namespace

std::string azure_target(std::string_view target, std::string_view deployment,
                         std::string_view api_version) {
  const std::size_t mark = target.find('?');
  const std::string_view path = target.substr(0, mark);
  std::string out;
  if (!is_of_resource(path)) {
    out += "/deployments/";
    append_path_segment(out, deployment);
  }
  out += path;
  out += "?api-version=";
  out += api_version;
  if (mark != target.npos && mark + 1 < target.size()) {
    out += '&';
    out += target.substr(mark + 1);
  }
  return out;
}

bool is_azure_api_version(std::string_view text) noexcept {
  constexpr std::string_view form = "dddd-dd-dd";
  if (text.size() < form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool fits = form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == '-';
    if (!fits) return false;
  }
  const std::string_view rest = text.substr(form.size());
  return rest.empty() || rest == "-preview";
}

}  // namespace sluice::llm
