#include "sluice/telemetry/access_log.h"

#include <charconv>

#include "sluice/json/utf8.h"
#include "sluice/json/writer.h"
#include "text.h"

namespace sluice::telemetry {
namespace {

// Appends members of JSON objects. Names are ours and need no escaping; they are given with their
// quotes, colon and, behind another member, the comma, so that a line is a run of plain appends.
class Members {
 public:
  explicit Members(std::string& out) noexcept : out_(out) {}

  Members& literal(std::string_view json) {
    out_ += json;
    return *this;
  }
  /// Client's or configured text: escaped, bounded, null when empty.
  Members& text(std::string_view name, std::string_view value) {
    out_ += name;
    if (value.empty()) return literal("null");
    if (value.size() <= logged_text_bytes_max) {
      json::append_quoted(out_, value);
      return *this;
    }
    json::append_quoted(out_, json::utf8_prefix(value, logged_text_bytes_max));
    out_.pop_back();
    return literal("...\"");
  }
  Members& number(std::string_view name, std::uint64_t value) {
    out_ += name;
    append(value);
    return *this;
  }
  Members& number(std::string_view name, std::optional<std::uint64_t> value) {
    return value ? number(name, *value) : literal(name).literal("null");
  }
  Members& status(std::string_view name, int value) {
    return value > 0 ? number(name, static_cast<std::uint64_t>(value))
                     : literal(name).literal("null");
  }
  /// Milliseconds with microseconds behind the point; -1 for a phase not reached.
  Members& ms(std::string_view name, Duration span) {
    out_ += name;
    if (span < Duration::zero()) return literal("-1");
    const auto us = static_cast<std::uint64_t>(span.count()) / 1'000;
    append(us / 1'000);
    std::uint64_t rest = us % 1'000;
    if (rest == 0) return *this;
    out_ += '.';
    for (std::uint64_t place = 100; rest != 0; place /= 10) {
      out_ += static_cast<char>('0' + rest / place);
      rest %= place;
    }
    return *this;
  }

 private:
  void append(std::uint64_t value) {
    char digits[20];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

  std::string& out_;
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
        .text(",\"outcome\":", to_string(attempt.outcome))
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

void write_amounts(const AccessRecord& record, Members& members, std::string& out) {
  members.number(",\"bytes\":{\"client_in\":", record.client_bytes_in)
      .number(",\"client_out\":", record.client_bytes_out)
      .number(",\"provider_in\":", record.provider_bytes_in)
      .number(",\"provider_out\":", record.provider_bytes_out)
      .number("},\"tokens\":{\"input\":", record.tokens.input)
      .number(",\"cached_input\":", record.tokens.cached_input)
      .number(",\"output\":", record.tokens.output)
      .number(",\"reasoning\":", record.tokens.reasoning)
      .literal("},\"cost_usd\":");
  json::Writer cost(out);
  record.cost_usd ? cost.number(*record.cost_usd) : cost.null();
  members.number(",\"events\":", record.events);
}

}  // namespace

void write_line(const AccessRecord& record, std::string& out) {
  Members members(out);
  members.literal("{\"time\":\"");
  append_time(out, record.time);
  members.text("\",\"request_id\":", record.request_id)
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
  members.text(",\"ended_by\":", ran_to_its_end ? std::string_view() : to_string(record.ended_by))
      .text(",\"reason\":", record.reason);
  write_attempts(record.attempts, members);
  write_times(record.times, members);
  write_amounts(record, members, out);
  members.literal("}\n");
}

}  // namespace sluice::telemetry
