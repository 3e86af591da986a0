// How a configuration's limits become those of the HTTP/1.1 codec.
#pragma once
#include "sluice/config/limits.h"
#include "sluice/http/server_http1.h"

namespace sluice::server {

/// The downstream codec's bounds. A head that is too short for the default bound of a target gets a
/// smaller one, so that the result always keeps the codec's own rules.
[[nodiscard]] http::ServerHttp1Config http1_config(const config::LimitsConfig& limits) noexcept;

}  // namespace sluice::server
