// Serialises the head of an HTTP/1.1 message into a Slice ready to be sent.
//
//   HeadWriter writer;
//   writer.status_line(status::ok);
//   writer.end_to_end_headers(upstream_head.headers);
//   writer.framing(framing);
//   writer.header("x-request-id", id);
//   Result<Slice> head = writer.finish();
//
// Nothing written can end a line early: methods, targets and names are checked against their
// grammar, and the whole head for control bytes other than the CR LF of its own lines. A head that
// fails makes finish() fail; half a head never gets out.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/base/slice.h"
#include "sluice/http/framing.h"
#include "sluice/http/head.h"
#include "sluice/http/outgoing.h"
#include "sluice/http/status.h"

namespace sluice::http {

/// Whether a field belongs to one connection and is never forwarded (RFC 9110 7.6.1), not asking
/// what Connection names.
[[nodiscard]] bool is_hop_by_hop(std::string_view name) noexcept;

class HeadWriter {
 public:
  /// `reserve_bytes`: what the head will probably need; it grows when that was wrong.
  explicit HeadWriter(std::size_t reserve_bytes = 896);

  /// First call of a request: "POST /path HTTP/1.1".
  void request_line(std::string_view method, std::string_view target);
  /// First call of a response: "HTTP/1.1 200 OK"; an empty reason means the standard one.
  void status_line(StatusCode code, std::string_view reason = {});

  void header(std::string_view name, std::string_view value);

  /// Every header but: hop-by-hop ones, those that a Connection header in the list names,
  /// Content-Length (framing() writes it), and the names in `dropped`.
  void end_to_end_headers(const HeaderList& headers, FieldNames dropped = {});

  /// The forwarded headers that go on, then our own.
  void fields(const OutgoingFields& fields);

  /// "Content-Length: n", "Transfer-Encoding: chunked", or nothing (none, until_close).
  void framing(BodyKind kind, std::uint64_t length_bytes = 0);

  /// Ends the head with its empty line and appends `body` behind it, in the same block. The writer
  /// may be used for the next head afterwards. Fails (invalid, gateway) when anything written broke
  /// its grammar.
  [[nodiscard]] Result<Slice> finish(std::string_view body = {});

 private:
  char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) grow(bytes);
    return at_;
  }
  void grow(std::size_t bytes);
  void settle() noexcept;
  // A whole line, or its CR LF alone, of parts that are right as they are.
  template <typename... Parts>
  void line(const Parts&... parts);
  void write_field(std::string_view name, std::string_view value, bool name_is_token);
  void reject(const char* what) noexcept;

  Block block_;
  char* at_ = nullptr;  // behind what was written: the block learns of it in settle()
  char* end_ = nullptr;
  std::size_t reserve_bytes_;
  std::size_t lines_ = 0;           // written, each with its CR LF
  const char* rejected_ = nullptr;  // static text: the first thing that was wrong
  bool started_ = false;
};

/// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate, RFC 9110 5.6.7). Callers keep it for a second.
/// Years 0 to 9999.
struct HttpDate {
  std::array<char, 29> text;
  [[nodiscard]] std::string_view view() const noexcept SLUICE_LIFETIMEBOUND {
    return {text.data(), text.size()};
  }
};
[[nodiscard]] HttpDate format_http_date(WallTime time) noexcept;

}  // namespace sluice::http
