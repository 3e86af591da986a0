#include "sluice/http/media_type.h"

#include "parameters.h"
#include "sluice/http/text.h"

namespace sluice::http {

std::optional<MediaType> MediaType::parse(std::string_view value) noexcept {
  std::string_view rest = trim_blanks(value);
  MediaType media_type;
  media_type.type_ = take_token(rest);
  if (media_type.type_.empty() || !rest.starts_with('/')) return std::nullopt;
  rest.remove_prefix(1);
  media_type.subtype_ = take_token(rest);
  if (media_type.subtype_.empty()) return std::nullopt;
  media_type.parameters_ = trim_blanks(rest);
  rest = media_type.parameters_;
  for (Parameter parameter; !rest.empty();) {
    if (!take_parameter(rest, parameter)) return std::nullopt;
  }
  return media_type;
}

bool MediaType::is(std::string_view essence) const noexcept {
  const std::size_t slash = essence.find('/');
  return slash != std::string_view::npos && equal_ignoring_case(type_, essence.substr(0, slash)) &&
         equal_ignoring_case(subtype_, essence.substr(slash + 1));
}

std::optional<std::string_view> MediaType::parameter(std::string_view name) const noexcept {
  std::optional<std::string_view> found;
  std::string_view rest = parameters_;
  for (Parameter parameter; !rest.empty();) {
    if (!take_parameter(rest, parameter)) return std::nullopt;
    if (!equal_ignoring_case(parameter.name, name)) continue;
    if (found || parameter.value.find('\\') != std::string_view::npos) return std::nullopt;
    found = parameter.value;
  }
  return found;
}

bool has_essence(std::string_view value, std::string_view essence) noexcept {
  const std::string_view trimmed = trim_blanks(value);
  if (!equal_ignoring_case(trimmed.substr(0, essence.size()), essence)) return false;
  const auto media_type = MediaType::parse(trimmed);
  return media_type && media_type->is(essence);
}

}  // namespace sluice::http
