// The admin pages of a running server, for the command line.
#pragma once
#include <chrono>
#include <expected>
#include <string>

#include "sluice/ring/socket_address.h"

namespace sluice::server {

struct AdminAnswer {
  int status = 0;
  std::string body;
};

/// How long all of it may take: a server of this machine answers within milliseconds.
inline constexpr std::chrono::milliseconds admin_patience{5'000};

/// Asks for an explanation (explain_query.h) at a server's admin address, with a loop of its own.
/// The error: why there is none, in words; whoever listens there and is no Sluice is one too.
[[nodiscard]] std::expected<AdminAnswer, std::string> ask_explanation(
    const ring::SocketAddress& address, const std::string& query);

}  // namespace sluice::server
