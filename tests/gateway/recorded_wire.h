// Recorded answers as bytes on a connection, and the pieces they are cut into.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "recorded_traffic.h"
#include "sluice/base/random.h"

namespace sluice::gateway::testing {

enum class Cut { whole, bytes, sevens, newlines, inside_crlf, inside_utf8, random };
inline constexpr std::array all_cuts = {Cut::whole,    Cut::bytes,       Cut::sevens,
                                        Cut::newlines, Cut::inside_crlf, Cut::inside_utf8,
                                        Cut::random};

// An answer as bytes on the connection; streams chunked or ended by the connection, JSON by its
// length too.
struct Wire {
  std::string bytes;
  bool closes = false;
};
[[nodiscard]] Wire wire_of(const RecordedExchange& exchange, Cut cut, Random& random);

/// The bytes in the pieces that are written, and arrive, one by one.
[[nodiscard]] std::vector<std::string> pieces_of(const std::string& wire, Cut cut, Random& random);

}  // namespace sluice::gateway::testing
