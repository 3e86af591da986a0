// The host that a request names: the authority without its port.
#pragma once
#include <optional>
#include <string_view>

#include "sluice/base/attributes.h"

namespace sluice::http {

/// "eu.example.com" of "eu.example.com:8080", "[::1]" of "[::1]:80"; a dot at the end of a name,
/// the root written out, is left out. Nothing when what follows the host is no port. Letter case is
/// as it came (RFC 9110 section 4.2.3: it means nothing).
[[nodiscard]] std::optional<std::string_view> host_of(
    std::string_view authority SLUICE_LIFETIMEBOUND) noexcept;

}  // namespace sluice::http
