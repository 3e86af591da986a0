#include "sluice/http/sse.h"

#include <algorithm>

#include "scan.h"
#include "sluice/base/assert.h"

namespace sluice::http {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::size_t tail_bytes_min = 1024;

// The end of the line end that begins at `at`: behind LF, CR LF or CR.
std::size_t skip_line_end(std::string_view bytes, std::size_t at) noexcept {
  if (bytes[at] == '\r' && at + 1 < bytes.size() && bytes[at + 1] == '\n') return at + 2;
  return at + 1;
}

std::size_t line_end_from(std::string_view bytes, std::size_t at) noexcept {
  const char* const end = bytes.data() + bytes.size();
  return static_cast<std::size_t>(find_line_end(bytes.data() + at, end) - bytes.data());
}

// The offset of the field's value in `line` if the line's field is `name`, else npos. The value
// begins behind the colon and at most one space; without a colon it is empty.
std::size_t value_offset(std::string_view line, std::string_view name) noexcept {
  if (!line.starts_with(name)) return std::string_view::npos;
  if (line.size() == name.size()) return name.size();
  if (line[name.size()] != ':') return std::string_view::npos;
  const std::size_t at = name.size() + 1;
  return at < line.size() && line[at] == ' ' ? at + 1 : at;
}

void join_data_lines(std::string_view event, std::string& joined) {
  joined.clear();
  bool first = true;
  for (std::size_t at = 0; at < event.size();) {
    const std::size_t end = line_end_from(event, at);
    const std::string_view line = event.substr(at, end - at);
    if (const std::size_t value = value_offset(line, "data"); value != std::string_view::npos) {
      if (!first) joined.push_back('\n');
      first = false;
      joined.append(line.substr(value));
    }
    at = end == event.size() ? end : skip_line_end(event, end);
  }
}

}  // namespace

void SseParser::feed(Slice bytes) noexcept {
  SLUICE_ASSERT(input_.empty());
  input_ = std::move(bytes);
}

SseStatus SseParser::next(SseEvent& event) {
  if (too_large_) return SseStatus::too_large;
  if (input_.empty()) return SseStatus::need_more;
  return tail_.size() > 0 ? next_from_tail(event) : next_from_input(event);
}

SseStatus SseParser::finish(SseEvent& event) {
  SLUICE_ASSERT(input_.empty());
  if (too_large_) return SseStatus::too_large;
  if (tail_.size() == 0) return SseStatus::need_more;
  // A CR at the very end has ended its line; without any line end the line is what there is.
  const std::string_view bytes = tail_.view();
  if (progress_.line_start < bytes.size()) {
    take_line(bytes, line_end_from(bytes, progress_.scanned));
  }
  return emit(event, std::move(tail_).freeze(), false);
}

SseStatus SseParser::next_from_input(SseEvent& event) {
  const std::string_view bytes = input_.view();
  std::size_t end = 0;
  if (bytes[0] == '\n' || bytes[0] == '\r') {
    // Blank lines between events say nothing; the LF of a CR LF whose CR ended the last read too.
    end = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
  } else if (!scan(bytes, end)) {
    if (!hold(bytes)) return SseStatus::too_large;
    input_.reset();
    return SseStatus::need_more;
  }
  Slice raw = end == bytes.size() ? std::move(input_) : input_.share(0, end);
  if (!input_.empty()) input_.remove_prefix(end);
  return emit(event, std::move(raw), true);
}

// The event began in an earlier read: take lines from the input until it is whole.
SseStatus SseParser::next_from_tail(SseEvent& event) {
  while (!input_.empty()) {
    const std::string_view bytes = input_.view();
    std::size_t end = line_end_from(bytes, 0);
    if (end < bytes.size()) end = skip_line_end(bytes, end);
    if (!hold(bytes.substr(0, end))) return SseStatus::too_large;
    input_.remove_prefix(end);
    std::size_t event_end = 0;
    if (scan(tail_.view(), event_end)) {
      SLUICE_ASSERT(event_end == tail_.size());
      if (input_.empty()) input_.reset();
      return emit(event, std::move(tail_).freeze(), true);
    }
  }
  input_.reset();
  return SseStatus::need_more;
}

// Goes on through `bytes` (from the event's first byte) until its empty line; true: `end` is the
// offset behind that.
bool SseParser::scan(std::string_view bytes, std::size_t& end) noexcept {
  while (true) {
    const std::size_t at = line_end_from(bytes, progress_.scanned);
    progress_.scanned = at;
    if (at == bytes.size()) return false;
    std::size_t content = progress_.line_start;
    if (content == 0 && at_start_ && bytes.starts_with(byte_order_mark)) {
      content = byte_order_mark.size();
    }
    const bool blank = at == content;
    // Whether LF follows this CR is not known yet. For the empty line it does not matter: the
    // event is whole. For any other the line's end stays open until the next byte.
    if (bytes[at] == '\r' && at + 1 == bytes.size() && !blank) return false;
    const std::size_t next_line = skip_line_end(bytes, at);
    if (blank) {
      end = next_line;
      return true;
    }
    take_line(bytes, at);
    progress_.line_start = progress_.scanned = next_line;
  }
}

void SseParser::take_line(std::string_view bytes, std::size_t line_end) noexcept {
  std::size_t begin = progress_.line_start;
  if (begin == 0 && at_start_ && bytes.starts_with(byte_order_mark)) {
    begin = byte_order_mark.size();
  }
  const std::string_view line = bytes.substr(begin, line_end - begin);
  if (const std::size_t data = value_offset(line, "data"); data != std::string_view::npos) {
    if (progress_.data_lines++ == 0) progress_.data = {begin + data, line_end};
  } else if (const std::size_t name = value_offset(line, "event"); name != std::string_view::npos) {
    progress_.name = {begin + name, line_end};
  } else if (const std::size_t id = value_offset(line, "id"); id != std::string_view::npos) {
    progress_.id = {begin + id, line_end};
  }
}

SseStatus SseParser::emit(SseEvent& event, Slice raw, bool terminated) {
  const Progress seen = progress_;
  const bool had_mark = at_start_ && raw.view().starts_with(byte_order_mark);
  progress_ = {};
  at_start_ = false;
  if (raw.size() > limits_.event_bytes_max && seen.line_start > 0) {
    too_large_ = true;
    input_.reset();
    return SseStatus::too_large;
  }
  event.raw = std::move(raw);
  event.terminated = terminated;
  event.kind = seen.data_lines > 0 ? SseKind::event : SseKind::other;
  const std::string_view bytes = event.raw.view();
  const auto view = [bytes](Span span) { return bytes.substr(span.begin, span.end - span.begin); };
  event.name = view(seen.name);
  event.id = view(seen.id);
  if (seen.data_lines > 1) {
    join_data_lines(had_mark ? bytes.substr(byte_order_mark.size()) : bytes, joined_);
    event.data = joined_;
  } else {
    event.data = view(seen.data);
  }
  return SseStatus::event;
}

// Copies bytes behind the incomplete event: a lease must not be kept for an event's other half.
bool SseParser::hold(std::string_view bytes) {
  if (bytes.size() > limits_.event_bytes_max - tail_.size()) {
    too_large_ = true;
    tail_ = Block();
    input_.reset();
    return false;
  }
  if (tail_.free_bytes() < bytes.size()) {
    Block larger(std::max({tail_bytes_min, 2 * tail_.size(), tail_.size() + bytes.size()}));
    larger.append(tail_.view());
    tail_ = std::move(larger);
  }
  tail_.append(bytes);
  return true;
}

}  // namespace sluice::http
