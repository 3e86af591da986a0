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
