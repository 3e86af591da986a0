#include "sluice/http/head_parser.h"

#include <cstring>

#include "header_line.h"
#include "request_target.h"
#include "scan.h"
#include "sluice/base/assert.h"
#include "sluice/http/text.h"

namespace sluice::http {
namespace {

[[gnu::cold, gnu::noinline]] HeadParse refuse(const Rejection& rejection) noexcept {
  return {ParseStatus::malformed, 0, rejection};
}

std::optional<Rejection> bad(const char* reason) noexcept {
  return Rejection{status::bad_request, reason};
}

std::string_view moved(std::string_view view, std::uintptr_t from, const char* to) noexcept {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(view.data()) - from;
  return {to + offset, view.size()};
}

void rebase(RequestHead& head, std::uintptr_t from, const char* to) noexcept {
  head.headers.rebase(from, to);
  if (head.target.empty()) return;  // the request line has not been read yet
  head.method_text = moved(head.method_text, from, to);
  head.target = moved(head.target, from, to);
  const bool still_valid = !split_target(head).has_value();
  SLUICE_ASSERT(still_valid);
}

void rebase(ResponseHead& head, std::uintptr_t from, const char* to) noexcept {
  head.headers.rebase(from, to);
  if (!head.reason.empty()) head.reason = moved(head.reason, from, to);
}

// "HTTP/1.1" or "HTTP/1.0", in capitals (RFC 9112 2.3).
std::optional<Rejection> parse_version(std::string_view text, Version& version) noexcept {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 8 || !text.starts_with("HTTP/") || !digit(text[5]) || text[6] != '.' ||
      !digit(text[7])) {
    return bad("the start line has no HTTP version");
  }
  if (text == "HTTP/1.1") {
    version = Version::http_1_1;
  } else if (text == "HTTP/1.0") {
    version = Version::http_1_0;
  } else {
    return Rejection{status::version_not_supported, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  }
  return std::nullopt;
}

// method SP request-target SP HTTP-version, single spaces (RFC 9112 3).
std::optional<Rejection> parse_start_line(std::string_view line, const HeadLimits& limits,
                                          RequestHead& head) noexcept {
  const std::size_t method_end = line.find(' ');
  if (method_end == std::string_view::npos) return bad("the request line has no target");
  if (method_end > limits.method_bytes_max) {
    return Rejection{status::not_implemented, "the method is too long"};
  }
  head.method_text = line.substr(0, method_end);
  if (!is_token(head.method_text)) return bad("the method is not a token");
  head.method = method_of(head.method_text);

  const std::string_view rest = line.substr(method_end + 1);
  const char* const end = rest.data() + rest.size();
  const char* const target_end = skip_bytes(rest.data(), end, target_byte);
  const auto target_bytes = static_cast<std::size_t>(target_end - rest.data());
  if (target_bytes > limits.target_bytes_max) {
    return Rejection{status::uri_too_long, "the request target is too long"};
  }
  head.target = rest.substr(0, target_bytes);
  if (target_end == end) return bad("the start line has no HTTP version");
  if (*target_end != ' ') return bad("the request target holds a forbidden character");
  if (auto wrong = parse_version(rest.substr(target_bytes + 1), head.version)) return wrong;
  return split_target(head);
}

// HTTP-version SP 3DIGIT [ SP reason-phrase ] (RFC 9112 4); the second SP may be missing.
std::optional<Rejection> parse_start_line(std::string_view line, const HeadLimits&,
                                          ResponseHead& head) noexcept {
  if (auto wrong = parse_version(line.substr(0, 8), head.version)) return wrong;
  if (line.size() < 12 || line[8] != ' ') return bad("the status line has no status code");
  const auto code = parse_decimal(line.substr(9, 3));
  if (!code || *code < 100) return bad("the status code is not three digits");
  head.status = static_cast<StatusCode>(*code);
  if (line.size() == 12) return std::nullopt;
  if (line[12] != ' ') return bad("the status code is not three digits");
  head.reason = line.substr(13);
  return std::nullopt;
}

// What a request must have when it is whole: RFC 9112 3.2.
std::optional<Rejection> check_whole(RequestHead& head) noexcept {
  const Header* const host_line = head.headers.find(FieldName::host);
  if (host_line == nullptr) {
    if (head.version == Version::http_1_0) return std::nullopt;
    return bad("the Host header is missing");
  }
  if (head.headers.count(FieldName::host) > 1) return bad("more than one Host header");
  const std::string_view host = host_line->value;
  if (!is_authority(host)) return bad("the Host header is not a host name");
  // RFC 9112 3.2.2 lets the target win over Host; two different answers to "whose request is this"
  // are the doubt we do not forward.
  if (!head.authority.empty() && !equal_ignoring_case(head.authority, host)) {
    return bad("the Host header differs from the request target's host");
  }
  head.authority = host;
  return std::nullopt;
}

std::optional<Rejection> check_whole(ResponseHead&) noexcept { return std::nullopt; }

// The head is not all there: refuse what cannot become right any more.
std::optional<Rejection> check_partial_line(const RequestHead&, std::string_view line,
                                            const HeadLimits& limits) noexcept {
  const std::size_t method_max = limits.method_bytes_max;
  if (line.size() <= method_max) return std::nullopt;
  if (line.substr(0, method_max + 1).find(' ') == std::string_view::npos) {
    return Rejection{status::not_implemented, "the method is too long"};
  }
  if (line.size() > method_max + limits.target_bytes_max + sizeof("  HTTP/1.1\r")) {
    return Rejection{status::uri_too_long, "the request target is too long"};
  }
  return std::nullopt;
}

std::optional<Rejection> check_partial_line(const ResponseHead&, std::string_view,
                                            const HeadLimits&) noexcept {
  return std::nullopt;
}

constexpr bool empty_lines_allowed(const RequestHead&) noexcept { return true; }
constexpr bool empty_lines_allowed(const ResponseHead&) noexcept { return false; }

}  // namespace

// Finds the end of the line that begins at line_start_: its CR, with the LF behind it.
inline HeadParserState::Line HeadParserState::find_line(std::string_view bytes) noexcept {
  const char* const end = bytes.data() + bytes.size();
  const char* const at = find_control(bytes.data(), bytes.data() + scanned_, end);
  scanned_ = static_cast<std::size_t>(at - bytes.data());
  if (at == end) return {};
  if (*at == '\r') {
    if (at + 1 == end) return {};
    if (at[1] == '\n') return {.whole = true};
    return {.wrong = "a CR without LF in the head"};
  }
  return {.wrong = *at == '\n' ? "a line of the head ends in LF without CR"
                               : "a control character in the head"};
}

template <typename Head>
HeadParse HeadParserState::need_more(std::string_view bytes, const Head& head) const noexcept {
  if (!start_line_done_) {
    const auto wrong = check_partial_line(head, bytes.substr(line_start_), limits_);
    if (wrong) return refuse(*wrong);
  }
  if (bytes.size() >= limits_.head_bytes_max) {
    return refuse({status::header_fields_too_large, "the head is too long"});
  }
  return {};
}

// A line that is no field: the start line, or an empty one.
template <typename Head>
std::optional<Rejection> HeadParserState::parse_other_line(std::string_view line, Head& head) {
  if (!line.empty()) {
    start_line_done_ = true;
    return parse_start_line(line, limits_, head);
  }
  if (start_line_done_) return check_whole(head);
  // RFC 9112 2.2: a server ignores empty lines in front; a few, or they never end.
  if (!empty_lines_allowed(head)) return bad("an empty line before the status line");
  if (++empty_lines_ > limits_.empty_lines_max) return bad("too many empty lines");
  return std::nullopt;
}

template <typename Head>
HeadParse HeadParserState::run(std::string_view bytes, Head& head) {
  const auto base = reinterpret_cast<std::uintptr_t>(bytes.data());
  if (bytes.empty()) return {};
  if (base_ == 0) {
    head.clear();
  } else if (base_ != base) {
    rebase(head, base_, bytes.data());
  }
  base_ = base;
  SLUICE_ASSERT(scanned_ <= bytes.size());

  while (true) {
    if (start_line_done_ && scanned_ == line_start_) {
      line_start_ = scanned_ =
          parse_usual_lines(bytes.substr(0, limits_.head_bytes_max), line_start_,
                            limits_.header_count_max - head.headers.size(), head.headers);
    }
    const Line found = find_line(bytes);
    if (found.wrong != nullptr) return refuse({status::bad_request, found.wrong});
    if (!found.whole) return need_more(bytes, head);
    const std::string_view line = bytes.substr(line_start_, scanned_ - line_start_);
    const std::size_t next_line = scanned_ + 2;
    if (next_line > limits_.head_bytes_max) {
      if (const HeadParse partial = need_more(bytes.substr(0, scanned_), head);
          partial.status == ParseStatus::malformed) {
        return partial;
      }
      return refuse({status::header_fields_too_large, "the head is too long"});
    }
    line_start_ = scanned_ = next_line;

    if (start_line_done_ && !line.empty()) {
      if (head.headers.size() == limits_.header_count_max) {
        return refuse({status::header_fields_too_large, "too many headers"});
      }
      if (const char* wrong = parse_header_line(line, head.headers); wrong != nullptr) {
        return refuse({status::bad_request, wrong});
      }
      continue;
    }
    const bool last = start_line_done_;
    if (const auto wrong = parse_other_line(line, head)) return refuse(*wrong);
    if (last) return {ParseStatus::complete, next_line};
  }
}

HeadParse RequestHeadParser::parse(std::string_view bytes, RequestHead& head) {
  return run(bytes, head);
}

HeadParse ResponseHeadParser::parse(std::string_view bytes, ResponseHead& head) {
  return run(bytes, head);
}

HeadParse parse_request_head(std::string_view bytes, RequestHead& head, const HeadLimits& limits) {
  return RequestHeadParser(limits).parse(bytes, head);
}

HeadParse parse_response_head(std::string_view bytes, ResponseHead& head,
                              const HeadLimits& limits) {
  return ResponseHeadParser(limits).parse(bytes, head);
}

}  // namespace sluice::http
