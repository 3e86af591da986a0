#include "sluice/telemetry/access_log.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sluice/base/assert.h"
#include "sluice/json/utf8.h"
#include "sluice/json/writer.h"
#include "text.h"

namespace sluice::telemetry {
namespace {

// Whether JSON takes the text as it is: printable ASCII without quote and backslash. Nearly all
// that is ever logged; the rest goes the long way through the escaping.
bool stands_as_it_is(std::string_view text) noexcept {
  unsigned odd = 0;
  for (const char c : text) {  // no early end, so that the compiler takes many at a time
    const auto byte = static_cast<unsigned char>(c);
    odd |= static_cast<unsigned>(byte < 0x20) | static_cast<unsigned>(byte >= 0x7f) |
           static_cast<unsigned>(byte == '"') | static_cast<unsigned>(byte == '\\');
  }
  return odd == 0;
}

// What a text may grow to: each byte as \u00XX, quotes, and the mark of a cut.
constexpr std::size_t escaped_bytes_max(std::string_view text) noexcept {
  return std::min(text.size(), logged_text_bytes_max) * 6 + 5;
}
// Names, numbers and fixed words of one attempt and of the rest of a line, with room to spare.
constexpr std::size_t attempt_fixed_bytes_max = 160;
constexpr std::size_t line_fixed_bytes_max = 1'024;

// Appends members of JSON objects to memory that is known to have room, since a line is some sixty
// small pieces. Names are ours and need no escaping; they are given with their quotes, colon and,
// behind another member, the comma.
class Members {
 public:
  explicit Members(char* at) noexcept : at_(at) {}

  [[nodiscard]] char* end() const noexcept { return at_; }

  Members& literal(std::string_view json) noexcept {
    std::memcpy(at_, json.data(), json.size());
    at_ += json.size();
    return *this;
  }
  /// Client's or configured text: escaped, bounded, null when empty.
  Members& text(std::string_view name, std::string_view value) {
    literal(name);
    if (value.empty()) return literal("null");
    const bool is_cut = value.size() > logged_text_bytes_max;
    if (!is_cut && stands_as_it_is(value)) return literal("\"").literal(value).literal("\"");
    std::string quoted;
    json::append_quoted(quoted, json::utf8_prefix(value, logged_text_bytes_max));
    if (is_cut) quoted.insert(quoted.size() - 1, "...");
    return literal(quoted);
  }
  /// A word of ours: an enumerator's name, an id we made. Stands as it is; null when empty.
  Members& word(std::string_view name, std::string_view value) noexcept {
    if (value.empty()) return literal(name).literal("null");
    return literal(name).literal("\"").literal(value).literal("\"");
  }
  Members& number(std::string_view name, std::uint64_t value) noexcept {
    return literal(name).digits(value);
  }
  Members& number(std::string_view name, std::optional<std::uint64_t> value) noexcept {
    return value ? number(name, *value) : literal(name).literal("null");
  }
  Members& status(std::string_view name, int value) noexcept {
    return value > 0 ? number(name, static_cast<std::uint64_t>(value))
                     : literal(name).literal("null");
  }
  /// Milliseconds with microseconds behind the point; -1 for a phase not reached.
  Members& ms(std::string_view name, Duration span) noexcept {
    literal(name);
    if (span < Duration::zero()) return literal("-1");
    const auto us = static_cast<std::uint64_t>(span.count()) / 1'000;
    digits(us / 1'000);
    std::uint64_t rest = us % 1'000;
    if (rest == 0) return *this;
    *at_++ = '.';
    for (std::uint64_t place = 100; rest != 0; place /= 10) {
      *at_++ = static_cast<char>('0' + rest / place);
      rest %= place;
    }
    return *this;
  }

 private:
  Members& digits(std::uint64_t value) noexcept {
    at_ = std::to_chars(at_, at_ + 20, value).ptr;  // 20 digits are the longest
    return *this;
  }

  char* at_;
};

/// The path of a request target (RFC 9112 section 3.2), without what may hold a secret: the query,
/// the fragment, and the user in front of a host.
std::string_view path_of(std::string_view target) noexcept {
  target = target.substr(0, target.find_first_of("?#"));
  if (target.starts_with('/')) return target;
  const std::size_t scheme_end = target.find("://");
  if (scheme_end != std::string_view::npos) {  // absolute-form
    const std::size_t path = target.find('/', scheme_end + 3);
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  return target.substr(target.find_last_of('@') + 1);  // authority-form, "*", or nonsense
}

void write_attempts(std::span<const AttemptRecord> attempts, Members& members) {
  members.literal(",\"attempts\":[");
  bool is_first = true;
  for (const AttemptRecord& attempt : attempts) {
    members.text(is_first ? "{\"provider\":" : ",{\"provider\":", attempt.provider)
        .text(",\"deployment\":", attempt.deployment)
        .word(",\"outcome\":", to_string(attempt.outcome))
        .status(",\"status\":", attempt.status)
        .ms(",\"ms\":", attempt.took)
        .literal("}");
    is_first = false;
  }
  members.literal("]");
}

void write_times(const PhaseTimes& times, Members& members) {
  members.ms(",\"ms\":{\"head\":", times.head)
      .ms(",\"body\":", times.body)
      .ms(",\"queue\":", times.queue)
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
  std::string cost = "null";
  if (record.cost_usd) {
    cost.clear();
    json::Writer(cost).number(*record.cost_usd);
  }
  members.literal(cost);
  members.number(",\"events\":", record.events);
}

/// The most bytes the record's line may take.
std::size_t line_bytes_max(const AccessRecord& record) noexcept {
  std::size_t bytes = line_fixed_bytes_max;
  for (const std::string_view text :
       {record.request_id, record.client, record.key, record.method, record.target, record.endpoint,
        record.model, record.provider, record.deployment, record.reason}) {
    bytes += escaped_bytes_max(text);
  }
  for (const AttemptRecord& attempt : record.attempts) {
    bytes += attempt_fixed_bytes_max + escaped_bytes_max(attempt.provider) +
             escaped_bytes_max(attempt.deployment);
  }
  return bytes;
}

void write_members(const AccessRecord& record, std::string_view time, Members& members) {
  members.literal("{\"time\":\"")
      .literal(time)
      .text("\",\"request_id\":", record.request_id)
      .text(",\"client\":", record.client)
      .text(",\"key\":", record.key)
      .text(",\"method\":", record.method)
      .text(",\"path\":", path_of(record.target))
      .text(",\"endpoint\":", record.endpoint)
      .text(",\"model\":", record.model)
      .literal(record.is_stream ? ",\"stream\":true" : ",\"stream\":false")
      .text(",\"provider\":", record.provider)
      .text(",\"deployment\":", record.deployment)
      .status(",\"status\":", record.status);
  const bool ran_to_its_end = record.ended_by == EndedBy::nobody;
  members.word(",\"ended_by\":", ran_to_its_end ? std::string_view() : to_string(record.ended_by))
      .text(",\"reason\":", record.reason);
  write_attempts(record.attempts, members);
  write_times(record.times, members);
  write_amounts(record, members);
  members.literal("}\n");
}

}  // namespace

void write_line(const AccessRecord& record, std::string& out) {
  std::string time;
  append_time(time, record.time);
  const std::size_t before = out.size();
  const std::size_t bytes_max = before + line_bytes_max(record);
  out.resize_and_overwrite(bytes_max, [&](char* bytes, std::size_t) {
    Members members(bytes + before);
    write_members(record, time, members);
    const auto size = static_cast<std::size_t>(members.end() - bytes);
    SLUICE_ASSERT(size <= bytes_max);
    return size;
  });
}

}  // namespace sluice::telemetry
