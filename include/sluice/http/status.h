// Status codes by name, their reason phrases, and the refusal a codec gives to bad bytes.
#pragma once
#include <cstdint>
#include <string_view>

#include "sluice/base/error.h"

namespace sluice::http {

/// A status code as it stands on the wire, 100 to 999. An integer, for peers invent their own.
using StatusCode = std::uint16_t;

namespace status {
inline constexpr StatusCode continue_ = 100;
inline constexpr StatusCode switching_protocols = 101;
inline constexpr StatusCode ok = 200;
inline constexpr StatusCode created = 201;
inline constexpr StatusCode no_content = 204;
inline constexpr StatusCode not_modified = 304;
inline constexpr StatusCode bad_request = 400;
inline constexpr StatusCode unauthorized = 401;
inline constexpr StatusCode payment_required = 402;
inline constexpr StatusCode forbidden = 403;
inline constexpr StatusCode not_found = 404;
inline constexpr StatusCode method_not_allowed = 405;
inline constexpr StatusCode request_timeout = 408;
inline constexpr StatusCode content_too_large = 413;
inline constexpr StatusCode uri_too_long = 414;
inline constexpr StatusCode unsupported_media_type = 415;
inline constexpr StatusCode expectation_failed = 417;
inline constexpr StatusCode unprocessable_content = 422;
inline constexpr StatusCode too_many_requests = 429;
inline constexpr StatusCode header_fields_too_large = 431;
inline constexpr StatusCode client_closed_request = 499;  // nginx's, for logs only
inline constexpr StatusCode internal_server_error = 500;
inline constexpr StatusCode not_implemented = 501;
inline constexpr StatusCode bad_gateway = 502;
inline constexpr StatusCode service_unavailable = 503;
inline constexpr StatusCode gateway_timeout = 504;
inline constexpr StatusCode version_not_supported = 505;
}  // namespace status

/// The phrase RFC 9110 section 15 (and RFC 6585) gives, or "" for a code they do not know.
[[nodiscard]] std::string_view reason_phrase(StatusCode code) noexcept;

/// Why bytes were refused, and what a server answers before it closes. A client that meets one in
/// a response treats the connection as broken and ignores `answer`.
struct Rejection {
  StatusCode answer = status::bad_request;  // 400, 413, 414, 417, 431, 501 or 505
  const char* reason = "";                  // static text, fit for a client's eyes

  friend bool operator==(const Rejection&, const Rejection&) = default;
};

/// The same refusal as the record the rest of the gateway passes on; never retryable by itself.
[[nodiscard]] Error to_error(const Rejection& rejection, Fault fault) noexcept;

}  // namespace sluice::http
