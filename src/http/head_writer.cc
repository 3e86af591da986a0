#include "sluice/http/head_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "scan.h"
#include "sluice/base/assert.h"
#include "sluice/http/text.h"

namespace sluice::http {
namespace {

// RFC 9110 7.6.1.
constexpr FieldNames hop_by_hop{FieldName::connection,
                                FieldName::keep_alive,
                                FieldName::proxy_authenticate,
                                FieldName::proxy_authorization,
                                FieldName::proxy_connection,
                                FieldName::te,
                                FieldName::trailer,
                                FieldName::transfer_encoding,
                                FieldName::upgrade};

// Whether some Connection header of the list names this field (RFC 9110 7.6.1).
bool is_nominated(const HeaderList& headers, std::string_view name) noexcept {
  for (const ReceivedHeader& header : headers) {
    if (header.known == FieldName::connection && list_has_token(header.value, name)) return true;
  }
  return false;
}

// Whether a Connection header names anything that is_hop_by_hop() does not know already: rare.
bool nominates_more(const HeaderList& headers) noexcept {
  if (!headers.contains(FieldName::connection)) return false;
  for (const ReceivedHeader& header : headers) {
    if (header.known != FieldName::connection) continue;
    CommaList options(header.value);
    while (const auto option = options.next()) {
      if (!equal_ignoring_case(*option, "close") && !is_hop_by_hop(*option)) return true;
    }
  }
  return false;
}

// Copies a text that is usually short.
inline char* put(char* to, std::string_view from) noexcept {
  const char* const data = from.data();
  const std::size_t size = from.size();
  // Two copies of constant size that overlap are two moves each way, where memcpy is a call.
  if (size >= 8 && size <= 16) {
    std::uint64_t first;
    std::uint64_t last;
    std::memcpy(&first, data, 8);
    std::memcpy(&last, data + size - 8, 8);
    std::memcpy(to, &first, 8);
    std::memcpy(to + size - 8, &last, 8);
  } else if (size >= 4 && size < 8) {
    std::uint32_t first;
    std::uint32_t last;
    std::memcpy(&first, data, 4);
    std::memcpy(&last, data + size - 4, 4);
    std::memcpy(to, &first, 4);
    std::memcpy(to + size - 4, &last, 4);
  } else if (size > 32) {
    std::memcpy(to, data, size);
  } else if (size > 16) {
    struct Half {
      std::uint64_t words[2];
    } first, last;
    std::memcpy(&first, data, 16);
    std::memcpy(&last, data + size - 16, 16);
    std::memcpy(to, &first, 16);
    std::memcpy(to + size - 16, &last, 16);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = data[i];
  }
  return to + size;
}

}  // namespace

bool is_hop_by_hop(std::string_view name) noexcept { return hop_by_hop.contains(field_name(name)); }

template <typename... Parts>
void HeadWriter::line(const Parts&... parts) {
  char* at = room((std::string_view(parts).size() + ...));
  ((at = put(at, parts)), ...);
  at_ = at;
  ++lines_;
}

HeadWriter::HeadWriter(std::size_t reserve_bytes) : reserve_bytes_(reserve_bytes) {}

void HeadWriter::request_line(std::string_view method, std::string_view target) {
  SLUICE_ASSERT(!started_);
  started_ = true;
  const char* const end = target.data() + target.size();
  if (!is_token(method)) reject("a method to be sent is not a token");
  if (target.empty() || skip_bytes(target.data(), end, target_byte) != end) {
    reject("a request target to be sent holds a forbidden character");
  }
  line(method, " ", target, " HTTP/1.1\r\n");
}

void HeadWriter::status_line(StatusCode code, std::string_view reason) {
  SLUICE_ASSERT(!started_);
  SLUICE_ASSERT(code >= 100 && code <= 999);
  started_ = true;
  if (code == status::ok && reason.empty()) {
    line("HTTP/1.1 200 OK\r\n");
    return;
  }
  if (reason.empty()) reason = reason_phrase(code);
  const char text[] = {static_cast<char>('0' + code / 100), static_cast<char>('0' + code / 10 % 10),
                       static_cast<char>('0' + code % 10)};
  const std::string_view digits(text, sizeof(text));
  line("HTTP/1.1 ", digits, " ", reason, "\r\n");
}

// A value may hold anything but control bytes, which finish() counts.
inline void HeadWriter::write_field(std::string_view name, std::string_view value,
                                    bool name_is_token) {
  char* const begin = room(name.size() + value.size() + 4);
  char* at = put(begin, name);
  // Asked of the copy, behind which the block may be read.
  if (!name_is_token && (name.empty() || !all_token_bytes(begin, name.size()))) {
    reject("a header name to be sent is not a token");
  }
  at = put(at, ": ");
  at = put(at, value);
  at_ = put(at, "\r\n");
  ++lines_;
}

void HeadWriter::header(std::string_view name, std::string_view value) {
  SLUICE_ASSERT(started_);
  write_field(name, value, false);
}

void HeadWriter::end_to_end_headers(const HeaderList& headers, FieldNames dropped) {
  SLUICE_ASSERT(started_);
  const FieldNames stay = hop_by_hop | FieldNames{FieldName::content_length} | dropped;
  const bool nominated = nominates_more(headers);
  for (const ReceivedHeader& header : headers) {
    if (stay.contains(header.known)) continue;
    if (nominated && is_nominated(headers, header.name)) continue;
    write_field(header.name, header.value, header.known != FieldName::other);
  }
}

void HeadWriter::fields(const OutgoingFields& fields) {
  if (fields.forwarded != nullptr) end_to_end_headers(*fields.forwarded, fields.dropped);
  for (const Header& own : fields.own) header(own.name, own.value);
}

void HeadWriter::framing(BodyKind kind, std::uint64_t length_bytes) {
  SLUICE_ASSERT(started_);
  switch (kind) {
    case BodyKind::length: {
      constexpr std::size_t digits_max = 20;
      char* at = put(room(sizeof("Content-Length: \r\n") + digits_max), "Content-Length: ");
      at = std::to_chars(at, at + digits_max, length_bytes).ptr;
      at_ = put(at, "\r\n");
      ++lines_;
      break;
    }
    case BodyKind::chunked: line("Transfer-Encoding: chunked\r\n"); break;
    case BodyKind::none:
    case BodyKind::until_close: break;
  }
}

Result<Slice> HeadWriter::finish(std::string_view body) {
  SLUICE_ASSERT(started_);
  line("\r\n");
  settle();
  // Every line was written with two control bytes, its CR and LF. One more, wherever it stands,
  // came from outside and could end a line early.
  const std::string_view written = block_.view();
  if (count_control(written.data(), written.size()) != 2 * lines_) {
    reject("a head to be sent holds a control character");
  }
  lines_ = 0;
  if (!body.empty()) {
    std::memcpy(room(body.size()), body.data(), body.size());
    at_ += body.size();
    settle();
  }
  started_ = false;
  at_ = end_ = nullptr;
  Slice head = std::move(block_).freeze();
  if (const char* what = std::exchange(rejected_, nullptr); what != nullptr) {
    return fail({.kind = ErrorKind::invalid, .fault = Fault::gateway, .what = what});
  }
  return head;
}

// Tells the block what was written.
void HeadWriter::settle() noexcept {
  const char* const known_end = block_.view().data() + block_.size();
  block_.advance(static_cast<std::size_t>(at_ - known_end));
}

void HeadWriter::grow(std::size_t bytes) {
  if (block_.has_memory()) settle();
  Block larger(std::max({reserve_bytes_, 2 * block_.size(), block_.size() + bytes}));
  larger.append(block_.view());
  block_ = std::move(larger);
  at_ = block_.data() + block_.size();
  end_ = block_.data() + block_.capacity();
}

void HeadWriter::reject(const char* what) noexcept {
  if (rejected_ == nullptr) rejected_ = what;
}

HttpDate format_http_date(WallTime time) noexcept {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  const char* const day_names = "SunMonTueWedThuFriSat";
  const char* const month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  HttpDate out{};
  char* at = out.text.data();
  const auto text = [&at](std::string_view piece) {
    at = std::copy(piece.begin(), piece.end(), at);
  };
  const auto two = [&at](unsigned value) {
    *at++ = static_cast<char>('0' + value / 10 % 10);
    *at++ = static_cast<char>('0' + value % 10);
  };
  const auto year_number = static_cast<unsigned>(static_cast<int>(date.year()));
  text({day_names + 3 * weekday(day).c_encoding(), 3});
  text(", ");
  two(static_cast<unsigned>(date.day()));
  text(" ");
  text({month_names + 3 * (static_cast<unsigned>(date.month()) - 1), 3});
  text(" ");
  two(year_number / 100);
  two(year_number % 100);
  text(" ");
  two(static_cast<unsigned>(clock.hours().count()));
  text(":");
  two(static_cast<unsigned>(clock.minutes().count()));
  text(":");
  two(static_cast<unsigned>(clock.seconds().count()));
  text(" GMT");
  SLUICE_ASSERT(at == out.text.data() + out.text.size());
  return out;
}

}  // namespace sluice::http
