#include "sluice/http/framing.h"

#include "sluice/http/text.h"

namespace sluice::http {
namespace {

// What the field lines say about framing, before anybody judges it.
struct FramingFields {
  std::uint32_t length_count = 0;
  std::uint32_t coding_count = 0;
  std::string_view length;
  std::string_view coding;
  std::string_view expect;
  std::uint32_t expect_count = 0;
  bool close = false;
  bool keep_alive = false;
};

void read_connection(std::string_view value, FramingFields& fields) noexcept {
  CommaList options(value);
  while (const auto option = options.next()) {
    if (equal_ignoring_case(*option, "close")) fields.close = true;
    if (equal_ignoring_case(*option, "keep-alive")) fields.keep_alive = true;
    if (!is_token(*option)) fields.close = true;  // unreadable: do not rely on the connection
  }
}

FramingFields read_fields(const HeaderList& headers) noexcept {
  FramingFields fields;
  for (const ReceivedHeader& header : headers) {
    if (header.known == FieldName::content_length) {
      ++fields.length_count;
      fields.length = header.value;
    } else if (header.known == FieldName::transfer_encoding) {
      ++fields.coding_count;
      fields.coding = header.value;
    } else if (header.known == FieldName::connection) {
      read_connection(header.value, fields);
    } else if (header.known == FieldName::expect) {
      ++fields.expect_count;
      fields.expect = header.value;
    }
  }
  return fields;
}

[[gnu::cold]] std::unexpected<Rejection> refuse(StatusCode answer, const char* reason) noexcept {
  return std::unexpected(Rejection{answer, reason});
}

// RFC 9112 6.1: codings before one final "chunked" are legal, we only do not speak them; anything
// else leaves the length of the message unknown.
Rejection judge_coding(std::string_view coding) noexcept {
  std::uint32_t chunked = 0;
  bool last_is_chunked = false;
  CommaList elements(coding);
  while (const auto element = elements.next()) {
    last_is_chunked = equal_ignoring_case(*element, "chunked");
    if (last_is_chunked) ++chunked;
    if (!is_token(*element))
      return {status::bad_request, "Transfer-Encoding is not a list of tokens"};
  }
  if (last_is_chunked && chunked == 1) {
    return {status::not_implemented, "a transfer coding other than chunked is not supported"};
  }
  return {status::bad_request, "Transfer-Encoding does not end in exactly one chunked"};
}

// The body as Content-Length and Transfer-Encoding declare it; `absent` when neither is there.
std::expected<Framing, Rejection> declared_body(const FramingFields& fields, Version version,
                                                BodyKind absent) noexcept {
  Framing framing{.kind = absent};
  if (fields.coding_count > 0) {
    // RFC 9112 6.1: TE in HTTP/1.0 means the framing is faulty; TE beside CL is how smuggling is
    // done; two lines of TE are a list nobody should send.
    if (version == Version::http_1_0) {
      return refuse(status::bad_request, "Transfer-Encoding in an HTTP/1.0 message");
    }
    if (fields.length_count > 0) {
      return refuse(status::bad_request, "both Content-Length and Transfer-Encoding");
    }
    if (fields.coding_count > 1) {
      return refuse(status::bad_request, "more than one Transfer-Encoding");
    }
    if (!equal_ignoring_case(fields.coding, "chunked")) {
      return std::unexpected(judge_coding(fields.coding));
    }
    framing.kind = BodyKind::chunked;
    return framing;
  }
  if (fields.length_count == 0) return framing;
  if (fields.length_count > 1) return refuse(status::bad_request, "more than one Content-Length");
  const auto length = parse_decimal(fields.length);
  if (!length) return refuse(status::bad_request, "Content-Length is not a number");
  framing.kind = BodyKind::length;
  framing.length_bytes = *length;
  return framing;
}

// RFC 9112 9.3: close wins; HTTP/1.1 persists by default, HTTP/1.0 only when asked.
bool persists(const FramingFields& fields, Version version) noexcept {
  if (fields.close) return false;
  return version != Version::http_1_0 || fields.keep_alive;
}

bool has_body(const Framing& framing) noexcept {
  return framing.kind == BodyKind::chunked || framing.kind == BodyKind::until_close ||
         (framing.kind == BodyKind::length && framing.length_bytes > 0);
}

}  // namespace

std::expected<Framing, Rejection> request_framing(const RequestHead& head) noexcept {
  const FramingFields fields = read_fields(head.headers);
  auto framing = declared_body(fields, head.version, BodyKind::none);
  if (!framing) return framing;
  framing->keep_alive = persists(fields, head.version);
  // RFC 9110 10.1.1: in HTTP/1.0 the expectation is ignored, and so is one without a body.
  if (fields.expect_count > 0 && head.version != Version::http_1_0) {
    if (fields.expect_count > 1 || !equal_ignoring_case(fields.expect, "100-continue")) {
      return refuse(status::expectation_failed, "the only expectation known is 100-continue");
    }
    framing->expects_continue = has_body(*framing);
  }
  return framing;
}

std::expected<Framing, Rejection> response_framing(const ResponseHead& head,
                                                   Method request_method) noexcept {
  const FramingFields fields = read_fields(head.headers);
  auto framing = declared_body(fields, head.version, BodyKind::until_close);
  if (!framing) return framing;
  framing->keep_alive = persists(fields, head.version);
  const bool declares_body = framing->kind != BodyKind::until_close && has_body(*framing);

  // RFC 9112 6.3 rules 1 and 2: these never have a body, whatever they declare.
  if (head.status < 200) {
    if (declares_body) return refuse(status::bad_request, "an interim response declares a body");
    if (head.status == status::switching_protocols) framing->keep_alive = false;
  } else if (head.status == status::no_content) {
    // Some servers send a body all the same; then what follows is not the next response.
    if (declares_body) framing->keep_alive = false;
  } else if (request_method != Method::head && head.status != status::not_modified) {
    if (framing->kind == BodyKind::until_close) framing->keep_alive = false;
    return framing;
  }
  framing->kind = BodyKind::none;
  framing->length_bytes = 0;
  return framing;
}

}  // namespace sluice::http
