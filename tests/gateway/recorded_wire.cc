#include "recorded_wire.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace sluice::gateway::testing {
namespace {

// Longer answers are cut into larger pieces: a write costs more than the bytes in it.
constexpr std::size_t single_bytes_max = 12'000;
constexpr std::size_t sevens_bytes_max = 200'000;

// Whether a piece ends behind byte `i` of `wire`.
bool cuts_behind(Cut cut, std::string_view wire, std::size_t i, Random& random) {
  switch (cut) {
    case Cut::whole: return false;
    case Cut::bytes: return wire.size() <= single_bytes_max || i % 97 == 0;
    case Cut::sevens: return i % (wire.size() <= sevens_bytes_max ? 7 : 61) == 0;
    case Cut::newlines: return wire[i] == '\n';
    case Cut::inside_crlf: return wire[i] == '\r';
    case Cut::inside_utf8:
      return i + 1 < wire.size() && (static_cast<unsigned char>(wire[i + 1]) & 0xC0) == 0x80;
    case Cut::random: return random.below(200) == 0;
  }
  __builtin_unreachable();
}

std::string chunked(std::string_view body, Random& random) {
  std::string out;
  while (!body.empty()) {
    const std::size_t size = std::min<std::size_t>(body.size(), 1 + random.below(2000));
    char head[32];
    out += std::string(head,
                       static_cast<std::size_t>(std::snprintf(head, sizeof head, "%zx\r\n", size)));
    out += body.substr(0, size);
    out += "\r\n";
    body.remove_prefix(size);
  }
  return out + "0\r\n\r\n";
}

}  // namespace

Wire wire_of(const RecordedExchange& exchange, Cut cut, Random& random) {
  Wire wire;
  wire.bytes = "HTTP/1.1 " + std::to_string(exchange.status) + " Recorded\r\n";
  for (const auto& [name, value] : exchange.response_headers) {
    wire.bytes += name + ": " + value + "\r\n";
  }
  const std::string& body = exchange.response_body;
  wire.closes = cut == Cut::newlines;
  if (wire.closes) {
    wire.bytes += "Connection: close\r\n\r\n" + body;
  } else if (exchange.is_stream() || cut == Cut::random) {
    wire.bytes += "Transfer-Encoding: chunked\r\n\r\n" + chunked(body, random);
  } else {
    wire.bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  return wire;
}

std::vector<std::string> pieces_of(const std::string& wire, Cut cut, Random& random) {
  std::vector<std::string> pieces(1);
  for (std::size_t i = 0; i < wire.size(); ++i) {
    pieces.back() += wire[i];
    if (i + 1 < wire.size() && cuts_behind(cut, wire, i, random)) pieces.emplace_back();
  }
  return pieces;
}

}  // namespace sluice::gateway::testing
