#include "sluice/catalog/deployment.h"

namespace sluice::catalog {

Credential Credential::clone() const {
  Credential copy{.label = label, .key = key.clone(), .header_value = header_value.clone()};
  if (aws) copy.aws = aws->clone();
  return copy;
}

Secret render_auth(const Auth& auth, const Secret& key) {
  constexpr std::string_view mark = "{key}";
  const std::size_t at = auth.format.find(mark);
  if (at == std::string::npos) return key.clone();
  const std::string_view format = auth.format;
  std::string value;
  value.reserve(format.size() + key.size());  // once: a string that grows leaves copies behind
  value += format.substr(0, at);
  value += key.reveal();
  value += format.substr(at + mark.size());
  return Secret(std::move(value));
}

}  // namespace sluice::catalog
