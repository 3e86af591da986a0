#include "sluice/config/media.h"

#include <algorithm>

namespace sluice::config {

bool MediaConfig::admits_host(std::string_view host) const noexcept {
  if (hosts.empty()) return true;
  return std::ranges::any_of(hosts, [host](const std::string& pattern) {
    if (!pattern.starts_with("*.")) return host == pattern;
    const std::string_view domain = std::string_view(pattern).substr(1);  // ".example.com"
    return host.size() > domain.size() && host.ends_with(domain);
  });
}

bool MediaConfig::admits_port(std::uint16_t port, std::uint16_t usual) const noexcept {
  return port == usual || std::ranges::find(ports, port) != ports.end();
}

}  // namespace sluice::config
