// The table [media].
#include <algorithm>

#include "parsing.h"
#include "sluice/config/spelling.h"
#include "sluice/net/address.h"
#include "syntax.h"

namespace sluice::config {
namespace {

constexpr std::int64_t port_max = 65'535;

void parse_hosts(Section& section, MediaConfig& media) {
  std::vector<std::string> hosts;
  if (!section.texts("hosts", hosts)) return;
  if (hosts.empty()) {
    return section.error("hosts", "is empty; leave the line out to fetch from any public host");
  }
  for (std::string& host : hosts) {
    std::ranges::transform(host, host.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const std::string_view name =
        std::string_view(host).substr(host.starts_with("*.") ? std::size_t{2} : std::size_t{0});
    const bool is_address = host.size() == name.size() && net::parse_ip(host, 0).has_value();
    if (!is_address && (!net::is_host_name(name) || name.ends_with('.'))) {
      return section.error("hosts",
                           "must hold names such as \"cdn.example.com\" or "
                           "\"*.example.com\", without scheme, port and path");
    }
  }
  media.hosts = std::move(hosts);
}

void parse_ports(Section& section, MediaConfig& media) {
  const toml::node* node = section.take("ports");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) return section.error("ports", "must be a list of numbers, as [8443]");
  for (const toml::node& item : *list) {
    const auto* port = item.as_integer();
    if (port == nullptr || port->get() < 1 || port->get() > port_max) {
      return section.error("ports", "must hold numbers from 1 to 65535");
    }
    media.ports.push_back(static_cast<std::uint16_t>(port->get()));
  }
}

void parse_private(Section& section, MediaConfig& media) {
  std::vector<std::string> texts;
  if (!section.texts("allow_private", texts)) return;
  for (const std::string& text : texts) {
    auto range = net::parse_ip_range(text);
    if (!range) return section.error("allow_private", range.error());
    media.allow_private.push_back(*range);
  }
  if (media.fetch && !texts.empty() && media.hosts.empty()) {
    section.warning("allow_private",
                    "with no hosts = [...] beside it every caller can have the gateway ask any "
                    "web server at these addresses: name the hosts that are meant");
  }
}

}  // namespace

void parse_media(Section& root, MediaConfig& media) {
  root.table("media", [&](Section& section) {
    section.flag("fetch", media.fetch);
    section.count("bytes_max", media.bytes_max);
    section.count("total_bytes_max", media.total_bytes_max);
    section.count("held_bytes_max", media.held_bytes_max);
    section.count("items_max", media.items_max);
    section.count("timeout_ms", media.timeout_ms);
    section.count("redirects_max", media.redirects_max);
    section.flag("allow_http", media.allow_http);
    parse_hosts(section, media);
    parse_ports(section, media);
    parse_private(section, media);
    section.broken_rule(media.broken_rule());
  });
}

}  // namespace sluice::config
