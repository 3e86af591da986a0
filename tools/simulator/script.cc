#include "simulator/script.h"

#include <algorithm>
#include <array>
#include <span>

#include "simulator/append.h"
#include "sluice/http/chunked.h"

namespace sluice::simulator {
namespace {

using K = FaultKind;
using std::chrono::milliseconds;

bool counts_events(K kind) noexcept {
  return kind == K::reset_after || kind == K::close_after || kind == K::truncate ||
         kind == K::stall_after || kind == K::malformed_chunk;
}

class ScriptWriter {
 public:
  ScriptWriter(const Answer& answer, const Fault& fault, const Pace& pace, const Wire& wire,
               Random& random)
      : answer_(answer),
        fault_(fault),
        pace_(pace),
        wire_(wire),
        random_(random),
        until_close_(fault.kind == K::http10 || (answer.is_stream && wire.http_1_0)),
        chunked_(!until_close_ && fault.kind != K::bad_content_length &&
                 (answer.is_stream || fault.kind == K::malformed_chunk ||
                  fault.kind == K::cut_everywhere)) {}

  Script write() && {
    if (fault_.kind == K::garbage) {
      using std::string_view_literals::operator""sv;
      script_.bytes = "\x16\x03\x01\x00\x05 this is no HTTP \xff\xfe\r\n\r\n"sv;
      return finish(Script::End::close);
    }
    if (fault_.kind == K::hang) return finish(Script::End::hang);
    if (fault_.kind == K::reset_before_head) return finish(Script::End::reset);
    if (fault_.kind == K::close_before_head) return finish(Script::End::close);
    at_ = pace_.draw_first_token(random_);
    if (fault_.kind == K::slow_head) at_ += slowness();
    if (!answer_.is_stream) add_writing_time();
    script_.bytes.reserve(1024 + answer_.body.size() + answer_.event_ends.size() * 2);
    write_head();
    if (wire_.head_only) return finish(Script::End::keep_alive);
    if (fault_.kind == K::cut_everywhere) return write_cut();
    return write_body();
  }

 private:
  void add_writing_time() noexcept {
    for (std::uint64_t i = 1; i < answer_.tokens && pace_.gap.count() != 0; ++i)
      at_ += pace_.draw_gap(random_);
  }

  [[nodiscard]] Duration slowness() noexcept {
    const std::uint64_t least = fault_.first;
    if (fault_.second <= least) return milliseconds(least);
    return milliseconds(least + random_.below(fault_.second - least + 1));
  }

  // A name as the literal it is: its copy then has a known size.
  template <std::size_t size, typename Value>
  void field(const char (&name)[size], const Value& value) {
    append(script_.bytes, name, ": ", value, "\r\n");
  }

  void write_head() {
    std::string& out = script_.bytes;
    const std::uint64_t interims =
        fault_.kind == K::interim ? std::min<std::uint64_t>(fault_.first, 1000) : 0;
    for (std::uint64_t i = 0; i < interims; ++i)
      out += "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";
    out += fault_.kind == K::http10 ? "HTTP/1.0 " : "HTTP/1.1 ";
    append(out, answer_.status, " ", http::reason_phrase(answer_.status), "\r\ndate: ", wire_.date,
           "\r\n");
    if (!answer_.body.empty()) field("content-type", answer_.content_type);
    if (wire_.is_openai) {
      append(out, "x-request-id: ", wire_.request_id,
             "\r\nopenai-version: 2020-10-01\r\nopenai-processing-ms: ",
             std::chrono::duration_cast<milliseconds>(at_).count(),
             "\r\nx-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n"
             "x-ratelimit-reset-requests: 6ms\r\n");
    }
    append(out, "x-sim-body-bytes: ", wire_.request_body_bytes, "\r\n");
    out += answer_.fields;
    if (fault_.kind == K::huge_header)
      field("x-sim-padding", std::string(static_cast<std::size_t>(fault_.first), 'p'));
    write_framing();
    out += "\r\n";
  }

  void write_framing() {
    const bool closes = until_close_ || !wire_.keep_alive || fault_.kind == K::early_response;
    if (closes) field("connection", "close");
    if (fault_.kind == K::keepalive_close) field("connection", "keep-alive");
    if (until_close_) return;
    if (chunked_) return field("transfer-encoding", "chunked");
    field("content-length", answer_.body.size());
    if (fault_.kind == K::bad_content_length) field("content-length", answer_.body.size() + 1);
  }

  /// What follows goes out at `at`, apart from what was written before.
  void next_step(Duration at, bool apart) {
    script_.steps.push_back({at_, script_.bytes.size(), apart});
    at_ = at;
  }

  void write_part(std::string_view part) {
    if (part.empty()) return;
    if (chunked_) script_.bytes += http::ChunkPrefix(part.size()).view();
    script_.bytes += part;
    if (chunked_) script_.bytes += http::chunk_suffix;
  }

  // A body that is no stream counts as two events: so a fault behind the first leaves a half.
  [[nodiscard]] std::span<const std::size_t> ends() noexcept {
    if (answer_.is_stream) return answer_.event_ends;
    halves_ = {answer_.body.size() / 2, answer_.body.size()};
    return halves_;
  }

  // Events [begin, end), the pace between them.
  void write_events(std::span<const std::size_t> event_ends, std::size_t begin, std::size_t end) {
    const bool apart = fault_.kind == K::one_per_write;
    const bool together = !apart && (!answer_.is_stream || pace_.gap.count() == 0);
    const auto start_of = [&](std::size_t i) { return i == 0 ? 0 : event_ends[i - 1]; };
    const std::string_view body = answer_.body;
    if (together) {
      const std::size_t from = start_of(begin);
      if (end > begin) write_part(body.substr(from, event_ends[end - 1] - from));
      return;
    }
    for (std::size_t i = begin; i < end; ++i) {
      // The role's event and the first token come together.
      if (i >= 2) next_step(at_ + pace_.draw_gap(random_), apart);
      if (i == 1 && apart) next_step(at_, apart);
      write_part(body.substr(start_of(i), event_ends[i] - start_of(i)));
    }
  }

  Script write_body() {
    const std::span<const std::size_t> event_ends = ends();
    const std::size_t count = event_ends.size();
    if (!counts_events(fault_.kind)) {
      write_events(event_ends, 0, count);
      return end_whole();
    }
    const auto events =
        static_cast<std::size_t>(std::min<std::uint64_t>(fault_.first, count == 0 ? 0 : count - 1));
    write_events(event_ends, 0, events);
    const std::size_t begin = events == 0 ? 0 : event_ends[events - 1];
    if (fault_.kind == K::reset_after) {
      // The reset must not overtake what was sent: a moment for the client to take it.
      next_step(at_ + milliseconds(20), true);
      return finish(Script::End::reset);
    }
    if (fault_.kind == K::stall_after) {
      if (fault_.second == 0) return finish(Script::End::hang);
      next_step(at_ + milliseconds(fault_.second), true);
      write_events(event_ends, events, count);
      return end_whole();
    }
    if (fault_.kind == K::malformed_chunk) {
      script_.bytes += "zz\r\nthis is no chunk\r\n";
    } else if (fault_.kind == K::truncate && count != 0) {
      const std::size_t half = (event_ends[events] - begin) / 2;
      if (chunked_) script_.bytes += http::ChunkPrefix(half * 2 + 1).view();
      script_.bytes += std::string_view(answer_.body).substr(begin, half);
    }
    return finish(Script::End::close);
  }

  Script write_cut() {
    const auto step = static_cast<std::size_t>(std::clamp<std::uint64_t>(fault_.first, 1, 1 << 20));
    for (std::size_t at = 0; at < answer_.body.size(); at += step)
      write_part(std::string_view(answer_.body).substr(at, step));
    return end_whole();
  }

  Script end_whole() {
    if (chunked_) script_.bytes += http::last_chunk;
    const bool closes = until_close_ || !wire_.keep_alive || fault_.kind == K::keepalive_close ||
                        fault_.kind == K::early_response || fault_.kind == K::bad_content_length;
    return finish(closes ? Script::End::close : Script::End::keep_alive);
  }

  Script finish(Script::End end) {
    script_.end = end;
    next_step(at_, false);
    if (fault_.kind == K::slow_drip) drip();
    return std::move(script_);
  }

  void drip() {
    const Duration start = script_.steps.front().at;
    script_.steps.clear();
    for (std::size_t i = 0; i < script_.bytes.size(); ++i) {
      script_.steps.push_back(
          {start + milliseconds(fault_.first) * static_cast<std::int64_t>(i), i + 1, true});
    }
  }

  const Answer& answer_;
  const Fault& fault_;
  const Pace& pace_;
  const Wire& wire_;
  Random& random_;
  bool until_close_;
  bool chunked_;
  Duration at_{};
  std::array<std::size_t, 2> halves_{};
  Script script_;
};

}  // namespace

Script write_script(const Answer& answer, const Fault& fault, const Pace& pace, const Wire& wire,
                    Random& random) {
  return ScriptWriter(answer, fault, pace, wire, random).write();
}

}  // namespace sluice::simulator
