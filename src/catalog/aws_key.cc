#include "sluice/catalog/aws_key.h"

#include <algorithm>

namespace sluice::catalog {
namespace {

constexpr std::size_t id_bytes_min = 16;

bool is_access_key_id(std::string_view text) noexcept {
  const bool begins_so = text.starts_with("AKIA") || text.starts_with("ASIA");
  return begins_so && text.size() >= id_bytes_min && std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

}  // namespace

AwsKey AwsKey::clone() const {
  return {.access_key_id = access_key_id,
          .secret_access_key = secret_access_key.clone(),
          .session_token = session_token.clone()};
}

std::optional<AwsKey> parse_aws_key(const Secret& text) {
  const std::string_view all = text.reveal();
  const std::size_t colon = all.find(':');
  if (colon == all.npos || !is_access_key_id(all.substr(0, colon))) return std::nullopt;
  const std::string_view rest = all.substr(colon + 1);
  const std::size_t second = std::min(rest.find(':'), rest.size());
  if (second == 0) return std::nullopt;
  AwsKey key;
  key.access_key_id = all.substr(0, colon);
  key.secret_access_key = Secret(std::string(rest.substr(0, second)));
  if (second < rest.size()) key.session_token = Secret(std::string(rest.substr(second + 1)));
  return key;
}

std::string_view aws_region_of_host(std::string_view host) noexcept {
  for (const std::string_view service : {"bedrock-runtime.", "bedrock-runtime-fips."}) {
    if (!host.starts_with(service)) continue;
    const std::string_view rest = host.substr(service.size());
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (is_aws_region(label)) return label;
  }
  return {};
}

bool is_aws_region(std::string_view text) noexcept {
  const std::size_t last = text.rfind('-');
  if (last == text.npos || last + 2 != text.size()) return false;
  if (text.back() < '1' || text.back() > '9') return false;
  const std::string_view names = text.substr(0, last);
  return names.size() >= 5 && names[2] == '-' &&
         std::ranges::all_of(names, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

}  // namespace sluice::catalog
