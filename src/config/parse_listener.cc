#include <algorithm>
#include <utility>

#include "parsing.h"
#include "sluice/config/spelling.h"
#include "sluice/net/address.h"

namespace sluice::config {
namespace {

bool parse_address(Section& section, ring::SocketAddress& address) {
  std::string text;
  if (!section.text("address", text)) {
    if (!section.has("address")) {
      section.missing("address", "is missing; write address = \"127.0.0.1:8080\"");
    }
    return false;
  }
  const auto parsed = net::parse_listen_address(text);
  if (!parsed) {
    section.error("address", parsed.error());
    return false;
  }
  address = *parsed;
  return true;
}

void parse_tls(Section& section, ListenerConfig& listener) {
  TlsConfig tls;
  tls.place = section.place();
  const bool certificate = section.text("certificate", tls.certificate);
  const bool key = section.text("key", tls.key);
  if (!section.has("certificate")) {
    section.missing("certificate", "is missing: the path of a PEM file, the server's own first");
  }
  if (!section.has("key")) {
    section.missing("key", "is missing: the path of the certificate's private key, in PEM");
  }
  if (certificate && key) listener.tls.push_back(std::move(tls));
}

// hosts = { "eu.example.com" = ["eu"] }
void parse_hosts(Section& parent, ListenerConfig& listener) {
  const toml::node* node = parent.take("hosts");
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    return parent.error("hosts", "must be a table: hosts = { \"eu.example.com\" = [\"eu\"] }");
  }
  Section section(*table, parent.path("hosts"), parent.place("hosts"), parent.complaints());
  for (const auto& [key, value] : *table) {
    HostPin pin{.host = std::string(key.str()), .regions = {}};
    std::ranges::transform(pin.host, pin.host.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (!net::is_host_name(pin.host)) {
      section.take(key.str());
      parent.error("hosts", "must name hosts such as \"eu.example.com\", without scheme and port");
    } else if (parse_regions(section, key.str(), pin.regions)) {
      const auto same = [&](const HostPin& other) { return other.host == pin.host; };
      if (std::ranges::any_of(listener.hosts, same)) {
        parent.error("hosts", "names " + shown(pin.host) + " twice (capitals make no difference)");
      }
      listener.hosts.push_back(std::move(pin));
    }
  }
  section.finish();
}

}  // namespace

void parse_listeners(Section& root, Config& config) {
  catalog::NameIndex taken;
  root.tables("listener", false, [&](Section& section) {
    ListenerConfig listener;
    listener.place = section.place();
    if (parse_address(section, listener.address) && listener.address.port() != 0 &&
        !taken.insert(listener.address.to_string(), 0)) {
      section.error("address", "is there twice");
    }
    if (const toml::node* tls = section.take("tls");
        tls != nullptr && tls->is_array() && tls->as_array()->empty()) {
      section.error("tls", "is empty; leave the line out to serve without TLS");
    }
    section.tables("tls", true, [&](Section& entry) { parse_tls(entry, listener); });
    section.flag("proxy_protocol", listener.proxy_protocol);
    bool anonymous = false;
    if (section.flag("anonymous", anonymous)) listener.anonymous = anonymous;
    parse_regions(section, "regions", listener.regions);
    parse_hosts(section, listener);
    config.listeners.push_back(std::move(listener));
  });
}

void parse_admin(Section& root, Config& config) {
  root.table("admin", [&](Section& section) {
    AdminConfig& admin = config.admin;
    admin.written = true;
    admin.place = section.place();
    section.flag("anonymous", admin.anonymous);
    std::string text;
    if (!section.text("address", text)) return;
    if (text == "off") {
      admin.address.reset();
      return;
    }
    const auto parsed = net::parse_listen_address(text);
    if (!parsed) return section.error("address", parsed.error() + ", or \"off\"");
    admin.address = *parsed;
    if (!admin.address->is_loopback() && !admin.anonymous) {
      section.error("address",
                    "other machines reach this address and the admin endpoints ask for no key: "
                    "use 127.0.0.1, or say anonymous = true");
    }
  });
}

}  // namespace sluice::config
