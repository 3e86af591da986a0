#include "sluice/server/http1_config.h"

#include <algorithm>

namespace sluice::server {

http::ServerHttp1Config http1_config(const config::LimitsConfig& limits) noexcept {
  http::ServerHttp1Config config;
  config.head.head_bytes_max = limits.head_bytes_max;
  config.head.header_count_max = limits.head_fields_max;
  config.head.target_bytes_max =
      std::min(config.head.target_bytes_max, limits.head_bytes_max - limits.head_bytes_max / 4);
  config.chunked.extension_bytes_max = limits.chunk_extension_bytes_max;
  config.chunked.trailer_bytes_max = limits.trailer_bytes_max;
  config.head_timeout = std::chrono::milliseconds(limits.head_ms_max);
  config.idle_timeout = std::chrono::milliseconds(limits.keep_alive_ms_max);
  config.body_grace = std::chrono::milliseconds(limits.body_grace_ms);
  config.body_bytes_per_second_min = limits.body_bytes_per_second_min;
  config.requests_per_connection_max = limits.requests_per_connection_max;
  config.write_stall_timeout = std::chrono::milliseconds(limits.write_stall_ms_max);
  return config;
}

}  // namespace sluice::server
