#include "llhttp_message.h"

#include <llhttp.h>

#include "sluice/http/chunked.h"
#include "sluice/http/framing.h"
#include "sluice/http/head_parser.h"
#include "sluice/http/text.h"

namespace sluice::http::test {
namespace {

// Spans of one element may come in several calls; names and values of trailers come like headers.
struct Collector {
  Message message;
  bool name_open = false;
};

Collector& of(llhttp_t* parser) { return *static_cast<Collector*>(parser->data); }

llhttp_settings_t make_settings() {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_method = [](llhttp_t* parser, const char* at, std::size_t size) {
    of(parser).message.method.append(at, size);
    return 0;
  };
  settings.on_url = [](llhttp_t* parser, const char* at, std::size_t size) {
    of(parser).message.target.append(at, size);
    return 0;
  };
  settings.on_header_field = [](llhttp_t* parser, const char* at, std::size_t size) {
    Collector& seen = of(parser);
    if (seen.message.head_done) return 0;  // a trailer
    if (!seen.name_open) seen.message.headers.emplace_back();
    seen.name_open = true;
    seen.message.headers.back().first.append(at, size);
    return 0;
  };
  settings.on_header_value = [](llhttp_t* parser, const char* at, std::size_t size) {
    Collector& seen = of(parser);
    seen.name_open = false;
    if (!seen.message.head_done) seen.message.headers.back().second.append(at, size);
    return 0;
  };
  settings.on_header_value_complete = [](llhttp_t* parser) {
    of(parser).name_open = false;
    return 0;
  };
  settings.on_headers_complete = [](llhttp_t* parser) {
    of(parser).message.head_done = true;
    of(parser).message.status = parser->status_code;
    return 0;
  };
  settings.on_body = [](llhttp_t* parser, const char* at, std::size_t size) {
    of(parser).message.body.append(at, size);
    return 0;
  };
  settings.on_message_complete = [](llhttp_t* parser) {
    Message& message = of(parser).message;
    message.verdict = Verdict::complete;
    message.keep_alive = llhttp_should_keep_alive(parser) != 0;
    message.upgrade = parser->upgrade != 0;
    return static_cast<int>(HPE_PAUSED);  // the first message only
  };
  return settings;
}

bool finish_length(std::string_view rest, const Framing& framing, Message& message) {
  message.body = rest.substr(0, framing.length_bytes);
  message.end += message.body.size();
  return message.body.size() == framing.length_bytes;
}

void finish_chunked(std::string_view rest, Message& message) {
  ChunkedDecoder decoder;
  while (true) {
    const ChunkedStep step = decoder.next(rest);
    rest.remove_prefix(step.bytes_consumed);
    message.end += step.bytes_consumed;
    if (step.status == ChunkedStatus::data) {
      message.body += step.data;
      continue;
    }
    if (step.status == ChunkedStatus::complete) message.verdict = Verdict::complete;
    if (step.status == ChunkedStatus::malformed) {
      message.verdict = Verdict::refused;
      message.reason = step.rejection.reason;
    }
    return;
  }
}

void finish_ours(std::string_view wire, const HeadParse& parse,
                 const std::expected<Framing, Rejection>& framing, const HeaderList& headers,
                 Message& message) {
  if (!framing) {
    message.verdict = Verdict::refused;
    message.reason = framing.error().reason;
    return;
  }
  message.head_done = true;
  message.keep_alive = framing->keep_alive;
  message.end = parse.bytes_consumed;
  for (const Header& header : headers) message.headers.emplace_back(header.name, header.value);
  const std::string_view rest = wire.substr(parse.bytes_consumed);
  switch (framing->kind) {
    case BodyKind::none: message.verdict = Verdict::complete; break;
    case BodyKind::length:
      if (finish_length(rest, *framing, message)) message.verdict = Verdict::complete;
      break;
    case BodyKind::chunked: finish_chunked(rest, message); break;
    case BodyKind::until_close: message.body = rest; break;
  }
}

Message not_complete(const HeadParse& parse) {
  Message message;
  if (parse.status == ParseStatus::malformed) {
    message.verdict = Verdict::refused;
    message.reason = parse.rejection.reason;
  }
  return message;
}

}  // namespace

Message read_with_llhttp(std::string_view wire, Side side) {
  static const llhttp_settings_t settings = make_settings();
  Collector seen;
  llhttp_t parser;
  llhttp_init(&parser, side == Side::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
  parser.data = &seen;
  const llhttp_errno_t error = llhttp_execute(&parser, wire.data(), wire.size());
  Message message = std::move(seen.message);
  if (message.verdict == Verdict::complete) {
    const char* const at = llhttp_get_error_pos(&parser);
    message.end = at == nullptr ? wire.size() : static_cast<std::size_t>(at - wire.data());
  } else if (error != HPE_OK) {
    message.verdict = Verdict::refused;
    message.reason = llhttp_get_error_reason(&parser);
  }
  for (auto& [name, value] : message.headers) {
    if (equal_ignoring_case(name, "connection") && value.find('\t') != value.npos) {
      message.tab_in_connection = true;
    }
    value = std::string(trim_blanks(value));
  }
  return message;
}

Message read_with_ours(std::string_view wire, Side side) {
  if (side == Side::request) {
    RequestHead head;
    const HeadParse parse = parse_request_head(wire, head);
    if (parse.status != ParseStatus::complete) return not_complete(parse);
    Message message;
    message.method = head.method_text;
    message.target = head.target;
    finish_ours(wire, parse, request_framing(head), head.headers, message);
    return message;
  }
  ResponseHead head;
  const HeadParse parse = parse_response_head(wire, head);
  if (parse.status != ParseStatus::complete) return not_complete(parse);
  Message message;
  message.status = head.status;
  finish_ours(wire, parse, response_framing(head, Method::get), head.headers, message);
  return message;
}

}  // namespace sluice::http::test
