// Request ids: `req_` and 24 characters of Crockford's base32, in lower case.
//
// 64 bits are the worker's, random at each start; 56 bits count. So ids are unique across workers,
// machines and restarts, and those of one worker sort in order. They are names, not secrets.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/attributes.h"

namespace sluice::telemetry {

inline constexpr std::size_t request_id_bytes = 28;
inline constexpr std::size_t client_request_id_bytes_max = 128;

struct RequestId {
  std::array<char, request_id_bytes> text;
  [[nodiscard]] std::string_view view() const noexcept SLUICE_LIFETIMEBOUND {
    return {text.data(), text.size()};
  }
};

class RequestIdGenerator {
 public:
  /// `worker_seed`: 64 random bits, drawn for each worker at each start.
  explicit RequestIdGenerator(std::uint64_t worker_seed) noexcept : worker_seed_(worker_seed) {}
  [[nodiscard]] RequestId next() noexcept;

 private:
  void write_digits() noexcept;

  std::uint64_t worker_seed_;
  std::uint64_t count_ = 0;
  RequestId last_{};
};

/// Whether a client's x-request-id may be used as it is: 1 to 128 of A-Z a-z 0-9 - _ . : ~ + / = @,
/// so that it is safe in headers, logs and queries. Otherwise it is replaced, not repaired.
[[nodiscard]] bool is_acceptable_request_id(std::string_view candidate) noexcept;

}  // namespace sluice::telemetry
