#include "sluice/telemetry/access_log.h"

#include <cstring>

#include "sluice/base/assert.h"
#include "sluice/base/byte_scan.h"
#include "sluice/base/decimal.h"
#include "sluice/json/utf8.h"
#include "sluice/json/writer.h"
#include "text.h"

namespace sluice::telemetry {
namespace {

// Copies a text that JSON takes as it is: printable ASCII without quote and backslash. Nearly all
// that is ever logged; the rest is written again, the long way through the escaping.
bool copy_as_it_is(char* to, std::string_view text) noexcept {
  return !copy_any_byte(to, text, [](ByteBlock block) {
    return (block < every_byte(' ')) | (block == every_byte('\x7f')) | (block == every_byte('"')) |
           (block == every_byte('\\'));
  });
}

// What a text may grow to: each byte as \u00XX, quotes, and the mark of a cut.
constexpr std::size_t text_bytes_max = logged_text_bytes_max * 6 + 5;
// Names, numbers and fixed words of one attempt, or candidate, and of the rest of a line, with room
// to spare.
constexpr std::size_t attempt_bytes_max = 256 + 3 * text_bytes_max;
constexpr std::size_t line_bytes_max = 1'024 + 12 * text_bytes_max;  // without attempts and routing

// Escaped and cut text, as one value. Apart from the rest, which hardly ever comes here.
[[gnu::cold, gnu::noinline]] std::string escaped(std::string_view value) {
  std::string quoted;
  json::append_quoted(quoted, json::utf8_prefix(value, logged_text_bytes_max));
  if (value.size() > logged_text_bytes_max) quoted.insert(quoted.size() - 1, "...");
  return quoted;
}

// Appends members of JSON objects to memory that is known to have room, since a line is some sixty
// small pieces. Names are ours and need no escaping; they are given with their quotes, colon and,
// behind another member, the comma, as literals: copies of a size the compiler knows.
class Members {
 public:
  explicit Members(char* at) noexcept : at_(at) {}

  [[nodiscard]] char* end() const noexcept { return at_; }

  template <std::size_t size>
  Members& literal(const char (&json)[size]) noexcept {
    std::memcpy(at_, json, size - 1);  // without the 0 behind it
    at_ += size - 1;
    return *this;
  }
  /// Client's or configured text: escaped, bounded, null when empty.
  template <std::size_t size>
  Members& text(const char (&name)[size], std::string_view value) {
    return literal(name).put_text(value);
  }
  /// A word of ours: an enumerator's name. Stands as it is; null when empty.
  template <std::size_t size>
  Members& word(const char (&name)[size], std::string_view value) noexcept {
    return literal(name).put_quoted(value);
  }
  template <std::size_t size>
  Members& number(const char (&name)[size], std::uint64_t value) noexcept {
    literal(name);
    at_ = write_decimal(at_, value);
    return *this;
  }
  template <std::size_t size>
  Members& number(const char (&name)[size], std::optional<std::uint64_t> value) noexcept {
    return value ? number(name, *value) : literal(name).literal("null");
  }
  template <std::size_t size>
  Members& status(const char (&name)[size], int value) noexcept {
    return value > 0 ? number(name, static_cast<std::uint64_t>(value))
                     : literal(name).literal("null");
  }
  /// Milliseconds with microseconds behind the point; -1 for a phase not reached.
  template <std::size_t size>
  Members& ms(const char (&name)[size], Duration span) noexcept {
    return literal(name).put_ms(span);
  }
  Members& time(WallTime time) noexcept {
    at_ = write_time(at_, time);
    return *this;
  }
  /// A number given in trillionths, without zeros at its end.
  Members& trillionths(std::uint64_t value) noexcept {
    constexpr std::uint64_t whole = 1'000'000'000'000;
    at_ = write_decimal(at_, value / whole);
    const std::uint64_t rest = value % whole;
    if (rest == 0) return *this;
    char* const end = write_decimal(at_, whole + rest);  // the 1 in front keeps the zeros
    *at_ = '.';
    for (at_ = end; at_[-1] == '0';) --at_;
    return *this;
  }
  /// JSON made elsewhere.
  Members& json(std::string_view json) noexcept {
    std::memcpy(at_, json.data(), json.size());
    at_ += json.size();
    return *this;
  }

 private:
  Members& put_quoted(std::string_view value) noexcept {
    if (value.empty()) return literal("null");
    return literal("\"").json(value).literal("\"");
  }
  Members& put_text(std::string_view value) {
    if (value.empty()) return literal("null");
    const bool is_cut = value.size() > logged_text_bytes_max;
    if (is_cut || !copy_as_it_is(at_ + 1, value)) return json(escaped(value));
    *at_ = '"';
    at_ += 1 + value.size();
    *at_++ = '"';
    return *this;
  }
  Members& put_ms(Duration span) noexcept {
    if (span < Duration::zero()) return literal("-1");
    const auto us = static_cast<std::uint64_t>(span.count()) / 1'000;
    at_ = write_decimal(at_, us / 1'000);
    const std::uint64_t rest = us % 1'000;
    if (rest == 0) return *this;
    *at_ = '.';
    at_[1] = static_cast<char>('0' + rest / 100);
    write_two_digits(at_ + 2, rest % 100);
    at_ += rest % 10 != 0 ? 4 : rest % 100 != 0 ? 3 : 2;  // without zeros at the end
    return *this;
  }

  char* at_;
};

/// The path of a request target (RFC 9112 section 3.2), without what may hold a secret: the query,
/// the fragment, and the user in front of a host.
std::string_view path_of(std::string_view target) noexcept {
  const bool has_more = any_byte(target, [](ByteBlock block) {
    return (block == every_byte('?')) | (block == every_byte('#'));
  });
  if (has_more) target = target.substr(0, target.find_first_of("?#"));
  if (target.starts_with('/')) return target;
  const std::size_t scheme_end = target.find("://");
  if (scheme_end != std::string_view::npos) {  // absolute-form
    const std::size_t path = target.find('/', scheme_end + 3);
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  return target.substr(target.find_last_of('@') + 1);  // authority-form, "*", or nonsense
}

[[gnu::cold, gnu::noinline]] std::string number_text(double value) {
  std::string text;
  json::Writer(text).number(value);
  return text;
}

void write_cost(double usd, Members& members) {
  // Prices are millionths of a dollar per token with a few decimals, so twelve say it all; the
  // shortest digits of the sum would often be sixteen, with its rounding error at their end.
  constexpr double usd_max = 1'000;  // fifteen digits, which a double has
  const bool is_usual = usd == 0 || (usd >= 1e-9 && usd < usd_max);
  if (!is_usual) return void(members.json(number_text(usd)));
  members.trillionths(static_cast<std::uint64_t>(usd * 1e12 + 0.5));
}

void write_cost(const std::optional<double>& usd, Members& members) {
  if (usd) {
    write_cost(*usd, members);
  } else {
    members.literal("null");
  }
}

// Left out where there was no choice: most requests have none.
void write_routing(const AccessRecord& record, Members& members) {
  if (record.considered.empty()) return;
  members.text(",\"routing\":{\"strategy\":", record.strategy)
      .text(",\"chosen_by\":", record.chosen_by)
      .literal(",\"considered\":[");
  bool is_first = true;
  for (const ConsideredRecord& each : record.considered) {
    if (!is_first) members.literal(",");
    is_first = false;
    members.text("{\"provider\":", each.provider)
        .text(",\"deployment\":", each.deployment)
        .text(",\"obstacle\":", each.obstacle)
        .literal(",\"score\":");
    write_cost(each.score, members);
    members.literal("}");
  }
  members.literal("]}");
}

void write_attempts(std::span<const AttemptRecord> attempts, Members& members) {
  members.literal(",\"attempts\":[");
  bool is_first = true;
  for (const AttemptRecord& attempt : attempts) {
    if (!is_first) members.literal(",");
    is_first = false;
    members.text("{\"provider\":", attempt.provider)
        .text(",\"deployment\":", attempt.deployment)
        .word(",\"outcome\":", to_string(attempt.outcome))
        .status(",\"status\":", attempt.status)
        .ms(",\"ms\":", attempt.took)
        .literal(",\"cost_usd\":");
    write_cost(attempt.cost_usd, members);
    members.literal("}");
  }
  members.literal("]");
}

void write_times(const PhaseTimes& times, Members& members) {
  members.ms(",\"ms\":{\"head\":", times.head).ms(",\"body\":", times.body);
  if (times.media >= Duration::zero()) members.ms(",\"media\":", times.media);
  members.ms(",\"queue\":", times.queue)
      .ms(",\"connect\":", times.connect)
      .ms(",\"first_byte\":", times.first_byte)
      .ms(",\"first_content\":", times.first_content)
      .ms(",\"total\":", times.total)
      .literal("}");
}

void write_amounts(const AccessRecord& record, Members& members) {
  members.number(",\"bytes\":{\"client_in\":", record.client_bytes_in)
      .number(",\"client_out\":", record.client_bytes_out)
      .number(",\"provider_in\":", record.provider_bytes_in)
      .number(",\"provider_out\":", record.provider_bytes_out)
      .number("},\"tokens\":{\"input\":", record.tokens.input)
      .number(",\"cached_input\":", record.tokens.cached_input)
      .number(",\"output\":", record.tokens.output)
      .number(",\"reasoning\":", record.tokens.reasoning)
      .literal("},\"cost_usd\":");
  write_cost(record.cost_usd, members);
  members.number(",\"events\":", record.events);
}

void write_members(const AccessRecord& record, Members& members) {
  members.literal("{\"time\":\"")
      .time(record.time)
      .text("\",\"request_id\":", record.request_id)
      .text(",\"client\":", record.client)
      .text(",\"key\":", record.key)
      .text(",\"method\":", record.method)
      .text(",\"path\":", path_of(record.target))
      .text(",\"endpoint\":", record.endpoint)
      .text(",\"model\":", record.model);
  if (record.is_stream) {
    members.literal(",\"stream\":true");
  } else {
    members.literal(",\"stream\":false");
  }
  members.text(",\"provider\":", record.provider)
      .text(",\"deployment\":", record.deployment)
      .status(",\"status\":", record.status);
  const bool ran_to_its_end = record.ended_by == EndedBy::nobody;
  members.word(",\"ended_by\":", ran_to_its_end ? std::string_view() : to_string(record.ended_by))
      .text(",\"reason\":", record.reason);
  write_routing(record, members);
  write_attempts(record.attempts, members);
  write_times(record.times, members);
  write_amounts(record, members);
  members.literal("}\n");
}

}  // namespace

void write_line(const AccessRecord& record, std::string& out) {
  const std::size_t before = out.size();
  const std::size_t bytes_max =
      before + line_bytes_max +
      (record.attempts.size() + record.considered.size()) * attempt_bytes_max;
  out.resize_and_overwrite(bytes_max, [&](char* bytes, std::size_t) {
    Members members(bytes + before);
    write_members(record, members);
    const auto size = static_cast<std::size_t>(members.end() - bytes);
    SLUICE_ASSERT(size <= bytes_max);
    return size;
  });
}

}  // namespace sluice::telemetry
