// The bounds that keep hostile and broken peers harmless: [server], [limits], [streaming], [pool].
//
// Field names are the keys of the file. Every struct checks how its fields relate.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::config {

// [server]: the process as a whole.
struct ServerConfig {
  static constexpr std::uint32_t workers_max = 1'024;

  std::uint32_t workers = 0;                        // 0: one per core this process may run on
  bool pin_workers = true;                          // one core each: no migration, warm caches
  std::uint64_t body_bytes_max = 64 * 1024 * 1024;  // of a request; a few base64 images
  std::uint32_t drain_ms_max = 600'000;             // after SIGTERM; streams end by themselves
  std::uint32_t connections_max = 65'536;           // downstream, per worker
  std::uint32_t listen_backlog = 4'096;             // cut to net.core.somaxconn by the kernel

  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (workers > workers_max) return "workers must be at most 1024";
    if (body_bytes_max < 1'024) return "body_bytes_max must be at least 1024";
    if (body_bytes_max > 4'294'967'295) return "body_bytes_max must be below 4 GiB";
    if (connections_max == 0) return "connections_max must be at least 1";
    if (listen_backlog == 0) return "listen_backlog must be at least 1";
    return std::nullopt;
  }
};

// [limits]: one downstream connection and one message.
struct LimitsConfig {
  std::uint32_t head_bytes_max = 32 * 1024;       // request line and fields; else 431
  std::uint32_t head_fields_max = 128;            // else 431
  std::uint32_t head_ms_max = 10'000;             // a head, from its first byte, or the accept
  std::uint32_t tls_hello_ms_max = 15'000;        // accept to handshake done
  std::uint32_t body_bytes_per_second_min = 256;  // averaged after the grace; 0: no minimum
  std::uint32_t body_grace_ms = 10'000;           // before the minimum rate counts
  std::uint32_t keep_alive_ms_max = 75'000;       // idle between requests; above LBs' usual 60 s
  std::uint32_t requests_per_connection_max = 0;  // 0: no bound
  std::uint32_t trailer_bytes_max = 8 * 1024;     // of a chunked body
  std::uint32_t chunk_extension_bytes_max = 4 * 1024;  // summed over one body
  std::uint32_t json_depth_max = 256;                  // nesting of a request body; else 400
  std::uint32_t json_tokens_max =
      2'097'152;  // values, commas, colons, brackets of a body; else 413
  std::uint32_t write_stall_ms_max = 60'000;  // a client that reads nothing for so long goes
  std::uint32_t response_head_bytes_max = 64 * 1024;  // of a provider
  std::uint32_t response_head_fields_max = 256;       // of a provider

  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (head_bytes_max < 1'024) return "head_bytes_max must be at least 1024";
    if (head_bytes_max > 1'048'576) return "head_bytes_max must be at most 1048576";
    if (head_fields_max < 8) return "head_fields_max must be at least 8";
    if (head_fields_max > 4'096) return "head_fields_max must be at most 4096";
    if (head_ms_max == 0) return "head_ms_max must be at least 1";
    if (tls_hello_ms_max == 0) return "tls_hello_ms_max must be at least 1";
    if (keep_alive_ms_max == 0) return "keep_alive_ms_max must be at least 1";
    if (json_depth_max < 8) return "json_depth_max must be at least 8";
    if (json_depth_max > 1'024) return "json_depth_max must be at most 1024";
    if (json_tokens_max < 1'024) return "json_tokens_max must be at least 1024";
    if (write_stall_ms_max == 0) return "write_stall_ms_max must be at least 1";
    if (response_head_bytes_max < 1'024) return "response_head_bytes_max must be at least 1024";
    if (response_head_bytes_max > 1'048'576) {
      return "response_head_bytes_max must be at most 1048576";
    }
    if (response_head_fields_max < 8) return "response_head_fields_max must be at least 8";
    if (response_head_fields_max > 4'096) return "response_head_fields_max must be at most 4096";
    return std::nullopt;
  }
};

// [streaming]: one exchange's response on its way down.
struct StreamingConfig {
  std::uint32_t keep_alive_comment_ms = 15'000;  // an SSE comment in silences; 0: never. Below the
                                                 // 30 to 60 s after which proxies give up
  std::uint32_t relay_buffer_bytes =
      64 * 1024;  // read ahead of a slow client; then we stop reading
  std::uint32_t event_bytes_max = 16 * 1024 * 1024;  // one SSE event; partial images are megabytes
  std::uint32_t held_events_max = 16;        // lifecycle-only events before the commit point
  std::uint32_t held_bytes_max = 64 * 1024;  // the same in bytes
  std::uint32_t held_ms_max = 10'000;        // the same in time: then they are let go
  std::uint32_t whole_response_bytes_max = 1024 * 1024;  // a non-stream response is held up to this

  [[nodiscard]] constexpr std::optional<std::string_view> broken_rule() const noexcept {
    if (relay_buffer_bytes < 4'096) return "relay_buffer_bytes must be at least 4096";
    if (event_bytes_max < 65'536) return "event_bytes_max must be at least 65536";
    if (held_bytes_max > event_bytes_max) {
      return "held_bytes_max must not be larger than event_bytes_max";
    }
    if (held_events_max == 0) return "held_events_max must be at least 1";
    return std::nullopt;
  }
};

static_assert(!ServerConfig{}.broken_rule());
static_assert(!LimitsConfig{}.broken_rule());
static_assert(!StreamingConfig{}.broken_rule());

}  // namespace sluice::config
