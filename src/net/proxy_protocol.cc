#include "sluice/net/proxy_protocol.h"

#include <array>
#include <cstring>
#include <optional>

#include "sluice/net/address.h"

namespace sluice::net {
namespace {

using Status = ProxyHeader::Status;

constexpr std::string_view v1_prefix = "PROXY ";
constexpr std::size_t v1_bytes_max = 107;  // section 2.1, CRLF included
constexpr std::string_view v2_signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t v2_fixed_bytes = 16;

ProxyHeader malformed(const char* what) noexcept {
  ProxyHeader header;
  header.status = Status::malformed;
  header.what = what;
  return header;
}

bool begins_alike(std::string_view bytes, std::string_view prefix) noexcept {
  const std::size_t common = bytes.size() < prefix.size() ? bytes.size() : prefix.size();
  return bytes.substr(0, common) == prefix.substr(0, common);
}

// --- version 1, section 2.1: "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n" ---

std::optional<std::uint16_t> v1_port(std::string_view digits) noexcept {
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  std::uint32_t port = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(digit - '0');
  }
  if (port > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// Exactly four fields, one space between two of them.
bool v1_fields(std::string_view text, std::array<std::string_view, 4>& fields) noexcept {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t space = text.find(' ');
    const bool last = i + 1 == fields.size();
    if ((space == std::string_view::npos) != last) return false;
    fields[i] = text.substr(0, space);
    if (!last) text.remove_prefix(space + 1);
  }
  return true;
}

ProxyHeader parse_v1(std::string_view bytes) noexcept {
  const std::string_view window = bytes.substr(0, v1_bytes_max);
  const std::size_t cr = window.find('\r');
  if (window.substr(0, cr).find('\n') != std::string_view::npos) {
    return malformed("PROXY line ends in LF without CR");
  }
  if (cr == std::string_view::npos || cr + 1 == window.size()) {
    return window.size() == v1_bytes_max ? malformed("PROXY line is over 107 bytes")
                                         : ProxyHeader{};
  }
  if (window[cr + 1] != '\n') return malformed("PROXY line has a CR without LF");

  ProxyHeader header;
  header.bytes_consumed = cr + 2;
  header.status = Status::complete;
  std::string_view rest = window.substr(v1_prefix.size(), cr - v1_prefix.size());
  // "UNKNOWN": the receiver must ignore anything up to the CRLF.
  if (rest == "UNKNOWN" || rest.starts_with("UNKNOWN ")) return header;
  const bool v4 = rest.starts_with("TCP4 ");
  if (!v4 && !rest.starts_with("TCP6 ")) return malformed("PROXY line names no known protocol");
  rest.remove_prefix(5);

  std::array<std::string_view, 4> fields;
  if (!v1_fields(rest, fields)) return malformed("PROXY line has not two addresses and two ports");
  const std::optional<std::uint16_t> source_port = v1_port(fields[2]);
  const std::optional<std::uint16_t> destination_port = v1_port(fields[3]);
  if (!source_port || !destination_port) return malformed("PROXY line has a port that is none");
  if (fields[0].starts_with('[') || fields[1].starts_with('[')) {
    return malformed("PROXY line has an address that is none");
  }
  const auto source = parse_ip(fields[0], *source_port);
  const auto destination = parse_ip(fields[1], *destination_port);
  const int family = v4 ? AF_INET : AF_INET6;
  if (!source || !destination || source->family() != family || destination->family() != family) {
    return malformed("PROXY line has an address that is none");
  }
  header.source = *source;
  header.destination = *destination;
  header.has_addresses = true;
  return header;
}

// --- version 2, section 2.2 ---

std::uint8_t byte_at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<std::uint8_t>(bytes[index]);
}

std::uint16_t big_endian_16(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<std::uint16_t>((byte_at(bytes, index) << 8) | byte_at(bytes, index + 1));
}

// Type, length, value, one after another to the very end (section 2.2.5).
bool extensions_are_whole(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (bytes.size() < 3) return false;
    const std::size_t size_bytes = big_endian_16(bytes, 1);
    if (bytes.size() - 3 < size_bytes) return false;
    bytes.remove_prefix(3 + size_bytes);
  }
  return true;
}

ring::SocketAddress v2_address(std::string_view bytes, std::uint16_t port, bool v4) noexcept {
  if (v4) {
    std::uint8_t octets[4];
    std::memcpy(octets, bytes.data(), sizeof octets);
    return ring::SocketAddress::ipv4(octets, port);
  }
  std::uint8_t octets[16];
  std::memcpy(octets, bytes.data(), sizeof octets);
  return ring::SocketAddress::ipv6(octets, port);
}

ProxyHeader parse_v2(std::string_view bytes) noexcept {
  // The fields are judged as they come, so that nonsense is refused before its body arrives.
  if (bytes.size() <= 12) return {};
  const std::uint8_t version_command = byte_at(bytes, 12);
  if (version_command != 0x20 && version_command != 0x21) {
    return malformed("PROXY header has an unknown version or command");
  }
  const bool local = version_command == 0x20;
  if (bytes.size() <= 13) return {};
  const std::uint8_t family = byte_at(bytes, 13) >> 4;
  const std::uint8_t transport = byte_at(bytes, 13) & 0x0f;
  if (family > 3 || transport > 2) return malformed("PROXY header has an unknown address family");
  if (bytes.size() < v2_fixed_bytes) return {};
  const std::size_t body_bytes = big_endian_16(bytes, 14);
  const std::size_t address_sizes[4] = {0, 12, 36, 216};
  // A LOCAL header's family is to be ignored; its length still counts.
  const std::size_t address_bytes = local ? 0 : address_sizes[family];
  if (body_bytes < address_bytes) return malformed("PROXY header is too short for its addresses");
  if (v2_fixed_bytes + body_bytes > proxy_header_bytes_max) {
    return malformed("PROXY header is over 4096 bytes");
  }
  if (bytes.size() < v2_fixed_bytes + body_bytes) return {};

  ProxyHeader header;
  header.status = Status::complete;
  header.bytes_consumed = v2_fixed_bytes + body_bytes;
  if (local) return header;
  const std::string_view body = bytes.substr(v2_fixed_bytes, body_bytes);
  if (family != 0 && !extensions_are_whole(body.substr(address_bytes))) {
    return malformed("PROXY header has a broken extension");
  }
  // Only a TCP client can be behind a stream; other pairs carry no address that means anything.
  if (transport != 1 || (family != 1 && family != 2)) return header;
  const bool v4 = family == 1;
  const std::size_t size_bytes = v4 ? 4 : 16;
  header.source = v2_address(body, big_endian_16(body, 2 * size_bytes), v4);
  header.destination =
      v2_address(body.substr(size_bytes), big_endian_16(body, 2 * size_bytes + 2), v4);
  header.has_addresses = true;
  return header;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) noexcept {
  if (begins_alike(bytes, v2_signature)) return parse_v2(bytes);
  if (!begins_alike(bytes, v1_prefix))
    return malformed("the connection begins without PROXY header");
  return bytes.size() < v1_prefix.size() ? ProxyHeader{} : parse_v1(bytes);
}

}  // namespace sluice::net
