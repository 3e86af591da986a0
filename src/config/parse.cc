#include "sluice/config/parse.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parsing.h"
#include "sluice/config/spelling.h"
#include "syntax.h"

namespace sluice::config {
namespace {

constexpr std::size_t name_bytes_max = 256;

void parse_server(Section& root, Config& config) {
  root.table("server", [&](Section& section) {
    ServerConfig& server = config.server;
    section.count("workers", server.workers, 0, ServerConfig::workers_max);
    section.flag("pin_workers", server.pin_workers);
    section.count("body_bytes_max", server.body_bytes_max);
    section.count("drain_ms_max", server.drain_ms_max);
    section.count("connections_max", server.connections_max);
    section.count("listen_backlog", server.listen_backlog);
    section.broken_rule(server.broken_rule());
  });
}

void parse_limits(Section& root, LimitsConfig& limits) {
  root.table("limits", [&](Section& section) {
    section.count("head_bytes_max", limits.head_bytes_max);
    section.count("head_fields_max", limits.head_fields_max);
    section.count("head_ms_max", limits.head_ms_max);
    section.count("tls_hello_ms_max", limits.tls_hello_ms_max);
    section.count("body_bytes_per_second_min", limits.body_bytes_per_second_min);
    section.count("body_grace_ms", limits.body_grace_ms);
    section.count("keep_alive_ms_max", limits.keep_alive_ms_max);
    section.count("requests_per_connection_max", limits.requests_per_connection_max);
    section.count("trailer_bytes_max", limits.trailer_bytes_max);
    section.count("chunk_extension_bytes_max", limits.chunk_extension_bytes_max);
    section.count("json_depth_max", limits.json_depth_max);
    section.count("json_tokens_max", limits.json_tokens_max);
    section.count("write_stall_ms_max", limits.write_stall_ms_max);
    section.count("response_head_bytes_max", limits.response_head_bytes_max);
    section.count("response_head_fields_max", limits.response_head_fields_max);
    section.broken_rule(limits.broken_rule());
  });
}

void parse_streaming(Section& root, StreamingConfig& streaming) {
  root.table("streaming", [&](Section& section) {
    section.count("keep_alive_comment_ms", streaming.keep_alive_comment_ms);
    section.count("relay_buffer_bytes", streaming.relay_buffer_bytes);
    section.count("event_bytes_max", streaming.event_bytes_max);
    section.count("held_events_max", streaming.held_events_max);
    section.count("held_bytes_max", streaming.held_bytes_max);
    section.count("held_ms_max", streaming.held_ms_max);
    section.count("whole_response_bytes_max", streaming.whole_response_bytes_max);
    section.broken_rule(streaming.broken_rule());
  });
}

// How the written ones relate; those left at their defaults follow.
void check_timeouts(Section& section, const catalog::TimeoutOverrides& t) {
  const auto order = [&](std::string_view key, const auto& shorter, std::string_view than,
                         const auto& longer) {
    if (shorter && longer && *shorter > *longer) {
      section.error(key, "must not be longer than " + std::string(than));
    }
  };
  order("connect_ms", t.connect, "first_byte_ms", t.first_byte);
  order("first_byte_ms", t.first_byte, "first_content_ms", t.first_content);
  order("connect_ms", t.connect, "total_ms", t.total);
  order("first_byte_ms", t.first_byte, "total_ms", t.total);
  order("first_content_ms", t.first_content, "total_ms", t.total);
  order("idle_ms", t.idle, "total_ms", t.total);
}

// A value that is written replaces its default; one that is not must not outlast the total.
catalog::Timeouts effective(const catalog::TimeoutOverrides& written) {
  const catalog::Timeouts defaults;
  catalog::Timeouts result;
  result.total = written.total.value_or(defaults.total);
  result.connect = written.connect.value_or(std::min(defaults.connect, result.total));
  result.first_byte = written.first_byte.value_or(std::min(defaults.first_byte, result.total));
  result.first_content =
      written.first_content.value_or(std::min(defaults.first_content, result.total));
  result.idle = written.idle.value_or(std::min(defaults.idle, result.total));
  return result;
}

void parse_log(Section& root, LogConfig& log) {
  root.table("log", [&](Section& section) {
    std::string access;
    if (section.text("access", access)) {
      if (access == "off") {
        log.access = LogConfig::Target::off;
      } else if (access == "stderr") {
        log.access = LogConfig::Target::standard_error;
      } else if (access == "stdout") {
        log.access = LogConfig::Target::standard_output;
      } else if (access.starts_with('/')) {
        log.access = LogConfig::Target::file;
        log.access_path = access;
      } else {
        section.error("access",
                      "must be \"stderr\", \"stdout\", \"off\" or a path that begins with /");
      }
    }
    std::string level;
    if (section.text("level", level)) {
      constexpr std::array<std::string_view, 4> levels = {"error", "warning", "info", "debug"};
      const auto* const found = std::find(levels.begin(), levels.end(), level);
      if (found == levels.end()) {
        section.error("level", "must be \"error\", \"warning\", \"info\" or \"debug\"");
      } else {
        log.level = static_cast<LogLevel>(found - levels.begin());
      }
    }
  });
}

// Strangers must not spend the operator's money by oversight.
void check_anonymity(Config& config, Complaints& complaints) {
  if (!config.keys.empty()) return;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const ListenerConfig& listener = config.listeners[i];
    if (listener.allows_anonymous(false)) continue;
    complaints.error(listener.place, "listener[" + std::to_string(i) + "]",
                     listener.anonymous
                         ? "anonymous = false and no [[key]]: nobody could call; add a key (sluice "
                           "keygen)"
                         : "other machines reach this address and there is no [[key]]: add one "
                           "(sluice keygen), listen on 127.0.0.1, or say anonymous = true");
  }
}

void parse_all(Section& root, Config& config, const ParseOptions& options) {
  parse_server(root, config);
  parse_listeners(root, config);
  parse_admin(root, config);
  catalog::TimeoutOverrides timeouts;
  parse_timeouts(root, timeouts);
  config.timeouts = effective(timeouts);
  parse_limits(root, config.limits);
  parse_streaming(root, config.streaming);
  parse_media(root, config.media);
  parse_pool(root, config.pool);
  parse_health(root, config.health);
  config.strategy_written = parse_routing(root, config.routing);
  if (!config.strategy_written) config.routing.strategy = route::Strategy::score;
  parse_log(root, config.log);
  parse_providers(root, config);
  parse_models(root, config);
  parse_keys(root, config, options);
  root.finish();
  check_anonymity(config, root.complaints());
}

}  // namespace

std::string Config::folder() const {
  const std::size_t slash = file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}

void parse_timeouts(Section& parent, catalog::TimeoutOverrides& timeouts) {
  parent.table("timeouts", [&](Section& section) {
    section.milliseconds("connect_ms", timeouts.connect);
    section.milliseconds("first_byte_ms", timeouts.first_byte);
    section.milliseconds("first_content_ms", timeouts.first_content);
    section.milliseconds("idle_ms", timeouts.idle);
    section.milliseconds("total_ms", timeouts.total);
    check_timeouts(section, timeouts);
  });
}

void parse_pool(Section& parent, catalog::PoolLimits& pool) {
  parent.table("pool", [&](Section& section) {
    section.count("connections_max", pool.connections_max);
    section.count("waiters_max", pool.waiters_max);
    section.count("idle_ms", pool.idle_ms);
    section.count("warm_connections", pool.warm_connections);
    section.broken_rule(pool.broken_rule());
  });
}

bool parse_name(Section& section, std::string_view key, std::string& name, bool required) {
  if (!section.has(key)) {
    section.take(key);
    if (required) section.missing(key, "is missing");
    return false;
  }
  std::string read;
  if (!section.text(key, read)) return false;
  const auto fits = [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  if (read.size() > name_bytes_max || !std::all_of(read.begin(), read.end(), fits)) {
    section.error(key,
                  "must be a name: printable ASCII without spaces, quotes and backslashes, at most "
                  "256 bytes");
    return false;
  }
  name = std::move(read);
  return true;
}

void take_name(Section& section, std::string_view key, const std::string& name,
               catalog::NameIndex& taken, std::string_view what) {
  if (taken.insert(name, 0)) return;
  section.error(key, "there is already a " + std::string(what) + " called " + shown(name) +
                         " (capitals make no difference); choose another name");
}

Config parse(std::string_view text, std::string file, Complaints& complaints,
             const ParseOptions& options) {
  Config config;
  config.file = std::move(file);
  const auto tree = parse_toml(text, complaints);
  if (!tree) return config;
  Section root(*tree, "", {}, complaints);
  parse_all(root, config, options);
  if (config.listeners.empty()) config.listeners.emplace_back();
  return config;
}

}  // namespace sluice::config
