// Pieces of text that several logs share.
#pragma once
#include <string>

#include "sluice/base/clock.h"

namespace sluice::telemetry {

/// Appends RFC 3339 in UTC with milliseconds, "2026-01-02T03:04:05.678Z"; years 0 to 9999.
void append_time(std::string& out, WallTime time);

}  // namespace sluice::telemetry
