#include "sluice/telemetry/event_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "sluice/json/writer.h"
#include "text.h"

namespace sluice::telemetry {
namespace {

constexpr bool stands_bare(char c) noexcept {
  return c > ' ' && c < '\x7f' && c != '"' && c != '=' && c != '\\';
}

/// As it is when it is one plain word, else quoted the way JSON quotes.
void append_value(std::string& out, std::string_view value) {
  if (!value.empty() && std::ranges::all_of(value, stands_bare)) {
    out += value;
  } else {
    json::append_quoted(out, value);
  }
}

}  // namespace

std::string_view to_string(EventLevel level) noexcept {
  switch (level) {
    case EventLevel::debug: return "debug";
    case EventLevel::info: return "info";
    case EventLevel::warn: return "warn";
    case EventLevel::error: return "error";
  }
  return "unknown";
}

EventLine::EventLine(std::string& out, WallTime now, EventLevel level, std::string_view message)
    : out_(out) {
  char time[time_bytes];
  out_.append(time, write_time(time, now));
  out_ += ' ';
  out_ += to_string(level);
  out_ += ' ';
  json::append_quoted(out_, message);
}

EventLine::~EventLine() { out_ += '\n'; }

EventLine& EventLine::add(std::string_view key, std::string_view value) {
  out_ += ' ';
  out_ += key;
  out_ += '=';
  append_value(out_, value);
  return *this;
}

EventLine& EventLine::add(std::string_view key, bool value) {
  return add(key, value ? std::string_view("true") : std::string_view("false"));
}

EventLine& EventLine::add(const Error& error) {
  add("kind", to_string(error.kind)).add("fault", to_string(error.fault));
  if (*error.what != '\0') add("what", error.what);
  if (error.os_errno != 0) {
    add("errno", error.os_errno);
    if (const char* text = strerrordesc_np(error.os_errno)) add("because", text);
  }
  return *this;
}

EventLine& EventLine::add_signed(std::string_view key, std::int64_t value) {
  fmt::format_to(std::back_inserter(out_), " {}={}", key, value);
  return *this;
}

EventLine& EventLine::add_unsigned(std::string_view key, std::uint64_t value) {
  fmt::format_to(std::back_inserter(out_), " {}={}", key, value);
  return *this;
}

}  // namespace sluice::telemetry
