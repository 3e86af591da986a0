// The words in which exchanges and attempts end, shared by metrics and the access log.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/error.h"

namespace sluice::telemetry {

/// How one try at a provider ended.
enum class AttemptOutcome : std::uint8_t {
  success,         // a complete 2xx answer
  connect_failed,  // no connection: name, refusal, unreachable
  tls_failed,      // handshake or certificate
  timed_out,       // any deadline
  reset,           // the connection broke, or the answer ended before it was whole
  malformed,       // the answer violates HTTP, SSE or JSON
  rate_limited,    // 429
  refused,         // any other 4xx
  failed,          // 5xx, or an error event in a stream
  cancelled,       // the client left, a hedge won, or we drained: no verdict on the provider
  exhausted,       // nothing was sent: no connection slot, buffer or descriptor of ours was free
};
inline constexpr std::size_t attempt_outcome_count = 11;
[[nodiscard]] std::string_view to_string(AttemptOutcome outcome) noexcept;

/// The outcome an HTTP status stands for; a 2xx and a 3xx are `success` until more is known.
[[nodiscard]] AttemptOutcome outcome_of_status(int status) noexcept;
/// The outcome an error stands for.
[[nodiscard]] AttemptOutcome outcome_of_error(const Error& error) noexcept;

/// Who ended an exchange.
enum class EndedBy : std::uint8_t {
  nobody,    // it ran to its end: the answer, an error answer too, was delivered whole
  client,    // left, or broke its side
  gateway,   // a deadline, a limit, a drain
  provider,  // broke or stalled after the commit point
};
inline constexpr std::size_t ended_by_count = 4;
[[nodiscard]] std::string_view to_string(EndedBy by) noexcept;
[[nodiscard]] EndedBy ended_by(Fault fault) noexcept;

inline constexpr std::size_t error_kind_count = static_cast<std::size_t>(ErrorKind::io) + 1;

/// Why an exchange was cut, as a label: a kind of error, or that the provider said it had failed.
using CutCause = std::optional<ErrorKind>;
inline constexpr std::size_t cut_cause_count = error_kind_count + 1;
[[nodiscard]] std::size_t index_of(CutCause cause) noexcept;
[[nodiscard]] std::string_view cut_cause_name(std::size_t index) noexcept;

}  // namespace sluice::telemetry
