#include "sluice/base/error.h"

namespace sluice {

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::cancelled: return "cancelled";
    case ErrorKind::deadline_exceeded: return "deadline_exceeded";
    case ErrorKind::resolve_failed: return "resolve_failed";
    case ErrorKind::connect_failed: return "connect_failed";
    case ErrorKind::connection_closed: return "connection_closed";
    case ErrorKind::connection_reset: return "connection_reset";
    case ErrorKind::tls_failed: return "tls_failed";
    case ErrorKind::certificate_invalid: return "certificate_invalid";
    case ErrorKind::malformed: return "malformed";
    case ErrorKind::too_large: return "too_large";
    case ErrorKind::exhausted: return "exhausted";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::invalid: return "invalid";
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::io: return "io";
  }
  return "unknown";
}

std::string_view to_string(Fault fault) noexcept {
  switch (fault) {
    case Fault::client: return "client";
    case Fault::gateway: return "gateway";
    case Fault::provider: return "provider";
  }
  return "unknown";
}

}  // namespace sluice
