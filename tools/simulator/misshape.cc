#include "simulator/misshape.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "sluice/base/assert.h"

namespace sluice::simulator {
namespace {

namespace status = http::status;

std::string_view event_of(const Answer& answer, std::size_t index) {
  const std::size_t begin = index == 0 ? 0 : answer.event_ends[index - 1];
  return std::string_view(answer.body).substr(begin, answer.event_ends[index] - begin);
}

/// Spells every event anew; the number of events stays.
template <typename Spell>
void respell(Answer& answer, Spell spell) {
  if (!answer.is_stream) return;
  std::string body;
  std::vector<std::size_t> ends;
  body.reserve(answer.body.size() * 5 / 4);
  for (std::size_t i = 0; i < answer.event_ends.size(); ++i) {
    spell(body, event_of(answer, i));
    ends.push_back(body.size());
  }
  answer.body = std::move(body);
  answer.event_ends = std::move(ends);
}

void replace_all(std::string& out, std::string_view text, std::string_view from,
                 std::string_view to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from)) {
    out.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  out += text;
}

void keep_events(Answer& answer, std::size_t count) {
  if (count >= answer.event_ends.size()) return;
  answer.event_ends.resize(count);
  answer.body.resize(count == 0 ? 0 : answer.event_ends.back());
}

void put_in_front(Answer& answer, std::string_view text) {
  if (!answer.is_stream) return;
  answer.body.insert(0, text);
  for (std::size_t& end : answer.event_ends) end += text.size();
}

void fail_after(Answer& answer, std::uint64_t events) {
  if (!answer.is_stream) {
    answer = error_answer(status::internal_server_error, "The server had an error.");
    return;
  }
  keep_events(answer, static_cast<std::size_t>(
                          std::min<std::uint64_t>(events, answer.event_ends.size() - 1)));
  answer.body.append("data: ")
      .append(error_body(status::internal_server_error,
                         "The server had an error while processing your request. Sorry about that!",
                         {}, "server_error"))
      .append("\n\n");
  answer.end_event();
}

void insert_garbage(Answer& answer, std::uint64_t events) {
  if (!answer.is_stream || answer.event_ends.empty()) return;
  constexpr std::string_view garbage = "data: {\"id\":\"chatcmpl-\n\n";
  const auto index =
      static_cast<std::size_t>(std::min<std::uint64_t>(events, answer.event_ends.size() - 1));
  const std::size_t at = index == 0 ? 0 : answer.event_ends[index - 1];
  answer.body.insert(at, garbage);
  answer.event_ends.insert(answer.event_ends.begin() + static_cast<std::ptrdiff_t>(index), at);
  for (std::size_t i = index; i < answer.event_ends.size(); ++i)
    answer.event_ends[i] += garbage.size();
}

void inflate_event(Answer& answer, std::uint64_t size_bytes) {
  if (!answer.is_stream || answer.event_ends.size() < 3) return;
  const std::string event(event_of(answer, 1));
  const std::size_t at = event.find(R"("content":")");
  const std::size_t offset = answer.event_ends[0] + (at == event.npos ? 6 : at + 11);
  const std::size_t missing =
      size_bytes > event.size() ? static_cast<std::size_t>(size_bytes) - event.size() : 0;
  // Blanks are harmless wherever JSON may have them, and content where it is text.
  answer.body.insert(offset, missing, at == event.npos ? ' ' : 'x');
  for (std::size_t i = 1; i < answer.event_ends.size(); ++i) answer.event_ends[i] += missing;
}

void be_html(Answer& answer) {
  answer = Answer{};
  answer.status = status::bad_gateway;
  answer.content_type = "text/html";
  answer.body =
      "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
      "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n"
      "</body>\r\n</html>\r\n";
}

}  // namespace

std::string gzip_of(std::string_view text) {
  z_stream stream{};
  constexpr int gzip_window = 15 + 16;
  SLUICE_ASSERT(
      deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  SLUICE_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void misshape(Answer& answer, const Fault& fault) {
  using K = FaultKind;
  switch (fault.kind) {
    case K::status: {
      const auto code = static_cast<http::StatusCode>(fault.first);
      answer = error_answer(code, fmt::format("The simulator was asked for a {}.", code), {},
                            code == 429 ? "rate_limit_exceeded" : "");
      if (fault.second != 0) answer.add_field("retry-after", std::to_string(fault.second));
      return;
    }
    case K::early_response:
      answer = error_answer(static_cast<http::StatusCode>(fault.first),
                            "The simulator answers before it reads.");
      return;
    case K::refuse_with_401:
      answer =
          error_answer(status::unauthorized, "Incorrect API key provided.", {}, "invalid_api_key");
      return;
    case K::context_length:
      answer = error_answer(status::bad_request,
                            "This model's maximum context length is 8192 tokens. However, your "
                            "messages resulted in 9001 tokens. Please reduce the length of the "
                            "messages.",
                            "messages", "context_length_exceeded");
      return;
    case K::content_filter:
      answer = error_answer(status::bad_request,
                            "The response was filtered due to the prompt triggering the content "
                            "management policy. Please modify your prompt and retry.",
                            "prompt", "content_filter");
      return;
    case K::refuse_prefill:
      if (!answer.goes_on) return;
      answer = error_answer(status::bad_request,
                            "The last message must be the user's: this model does not go on with "
                            "the assistant's.",
                            "messages");
      return;
    case K::html_502: be_html(answer); return;
    case K::empty_200: answer = Answer{}; return;
    case K::wrong_content_type: answer.content_type = "text/plain; charset=utf-8"; return;
    case K::error_event_after: fail_after(answer, fault.first); return;
    case K::garbage_event: insert_garbage(answer, fault.first); return;
    case K::overloaded:
      answer = error_answer(status::service_unavailable,
                            "The engine is currently overloaded, please try again later.");
      return;
    case K::no_done:
      if (answer.is_stream && !answer.event_ends.empty()) {
        keep_events(answer, static_cast<std::size_t>(std::min<std::uint64_t>(
                                fault.first, answer.event_ends.size() - 1)));
      }
      return;
    case K::huge_event: inflate_event(answer, fault.first); return;
    case K::crlf:
      respell(answer, [](std::string& out, std::string_view event) {
        replace_all(out, event, "\n", "\r\n");
      });
      return;
    case K::cr:
      respell(answer, [](std::string& out, std::string_view event) {
        replace_all(out, event, "\n", "\r");
      });
      return;
    case K::no_space:
      respell(answer, [](std::string& out, std::string_view event) {
        replace_all(out, event, "data: ", "data:");
      });
      return;
    case K::comments:
      respell(answer, [](std::string& out, std::string_view event) {
        out.append(": SIMULATOR PROCESSING\n\n").append(event);
      });
      return;
    case K::blank_first: put_in_front(answer, "\n\n\r\n"); return;
    case K::bom: put_in_front(answer, "\xEF\xBB\xBF"); return;
    case K::gzip:
      answer.body = gzip_of(answer.body);
      if (answer.is_stream) answer.event_ends = {answer.body.size()};
      answer.add_field("content-encoding", "gzip");
      return;
    case K::none:
    case K::reset_before_head:
    case K::close_before_head:
    case K::hang:
    case K::slow_head:
    case K::reset_after:
    case K::close_after:
    case K::truncate:
    case K::stall_after:
    case K::garbage:
    case K::malformed_chunk:
    case K::bad_content_length:
    case K::huge_header:
    case K::slow_drip:
    case K::one_per_write:
    case K::cut_everywhere:
    case K::keepalive_close:
    case K::http10:
    case K::interim: return;  // the wire's
  }
}

}  // namespace sluice::simulator
