// Pieces of text that several logs share.
#pragma once
#include <cstddef>

#include "sluice/base/clock.h"

namespace sluice::telemetry {

inline constexpr std::size_t time_bytes = 24;

/// Writes RFC 3339 in UTC with milliseconds, "2026-01-02T03:04:05.678Z", years 0 to 9999: always
/// time_bytes. Returns their end.
char* write_time(char* at, WallTime time) noexcept;

}  // namespace sluice::telemetry
