#include "sluice/telemetry/outcome.h"

namespace sluice::telemetry {

std::string_view to_string(AttemptOutcome outcome) noexcept {
  switch (outcome) {
    case AttemptOutcome::success: return "success";
    case AttemptOutcome::connect_failed: return "connect_failed";
    case AttemptOutcome::tls_failed: return "tls_failed";
    case AttemptOutcome::timed_out: return "timed_out";
    case AttemptOutcome::reset: return "reset";
    case AttemptOutcome::malformed: return "malformed";
    case AttemptOutcome::rate_limited: return "rate_limited";
    case AttemptOutcome::refused: return "refused";
    case AttemptOutcome::failed: return "failed";
    case AttemptOutcome::cancelled: return "cancelled";
    case AttemptOutcome::exhausted: return "exhausted";
  }
  return "unknown";
}

AttemptOutcome outcome_of_status(int status) noexcept {
  if (status >= 200 && status < 400) return AttemptOutcome::success;
  if (status == 429) return AttemptOutcome::rate_limited;
  if (status >= 400 && status < 500) return AttemptOutcome::refused;
  if (status >= 500 && status < 600) return AttemptOutcome::failed;
  return AttemptOutcome::malformed;  // a 1xx is no answer, and nothing else is a status
}

AttemptOutcome outcome_of_error(const Error& error) noexcept {
  switch (error.kind) {
    case ErrorKind::cancelled: return AttemptOutcome::cancelled;
    case ErrorKind::deadline_exceeded: return AttemptOutcome::timed_out;
    case ErrorKind::resolve_failed:
    case ErrorKind::connect_failed: return AttemptOutcome::connect_failed;
    case ErrorKind::connection_closed:
    case ErrorKind::connection_reset:
    case ErrorKind::io: return AttemptOutcome::reset;
    case ErrorKind::tls_failed:
    case ErrorKind::certificate_invalid: return AttemptOutcome::tls_failed;
    case ErrorKind::exhausted: return AttemptOutcome::exhausted;
    case ErrorKind::malformed:
    case ErrorKind::too_large:
    case ErrorKind::unsupported:
    case ErrorKind::invalid:
    case ErrorKind::not_found: return AttemptOutcome::malformed;
  }
  return AttemptOutcome::failed;
}

std::string_view to_string(EndedBy by) noexcept {
  switch (by) {
    case EndedBy::nobody: return "nobody";
    case EndedBy::client: return "client";
    case EndedBy::gateway: return "gateway";
    case EndedBy::provider: return "provider";
  }
  return "unknown";
}

std::size_t index_of(CutCause cause) noexcept {
  return cause ? static_cast<std::size_t>(*cause) : error_kind_count;
}

std::string_view cut_cause_name(std::size_t index) noexcept {
  return index < error_kind_count ? to_string(static_cast<ErrorKind>(index)) : "provider_error";
}

EndedBy ended_by(Fault fault) noexcept {
  switch (fault) {
    case Fault::client: return EndedBy::client;
    case Fault::gateway: return EndedBy::gateway;
    case Fault::provider: return EndedBy::provider;
  }
  return EndedBy::gateway;
}

}  // namespace sluice::telemetry
