#include "sim_answer_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "sluice/ring/sleep.h"

namespace sluice::gateway::testing {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Fields that the gateway writes itself, once.
bool is_ours(std::string_view name) {
  return name == "content-length" || name == "transfer-encoding" || name == "connection" ||
         name == "date" || name == "x-request-id" || name == "x-sluice-provider";
}

std::size_t parse_number(std::string_view text, int base) {
  std::size_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
  EXPECT_TRUE(parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) << text;
  return number;
}

}  // namespace

Task<bool> AnswerReader::fill(StopToken stop) {
  if (ended_) co_return false;
  if (slowness_ms_ > 0) {
    const std::chrono::milliseconds pause(random_.below(slowness_ms_));
    (void)co_await ring::sleep_until(loop_, loop_.now() + pause, stop);
  }
  const Result<SliceChain> part = co_await stream_.read(stop);
  if (!part || part->empty()) {
    ended_ = part.has_value();
    co_return false;
  }
  input_ += part->to_string();
  co_return true;
}

Task<bool> AnswerReader::read_line(std::string& line, StopToken stop) {
  std::size_t end = 0;
  while ((end = input_.find("\r\n")) == std::string::npos) {
    const bool filled = co_await fill(stop);
    if (!filled) co_return false;
  }
  line = input_.substr(0, end);
  input_.erase(0, end + 2);
  co_return true;
}

Task<bool> AnswerReader::read_head(Seen& seen, StopToken stop) {
  std::string line;
  bool there = co_await read_line(line, stop);
  if (!there) co_return false;
  EXPECT_TRUE(line.starts_with("HTTP/1.1 ")) << line;
  const int status = static_cast<int>(parse_number(line.substr(9, 3), 10));
  seen.headers.clear();
  while (true) {
    there = co_await read_line(line, stop);
    if (!there) co_return false;
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    EXPECT_NE(colon, std::string::npos) << line;
    if (colon == std::string::npos) co_return false;
    const bool added =
        seen.headers.emplace(lower(line.substr(0, colon)), line.substr(colon + 2)).second;
    EXPECT_TRUE(added || !is_ours(lower(line.substr(0, colon)))) << "a field twice: " << line;
  }
  seen.status = status;
  co_return true;
}

Task<bool> AnswerReader::read_length(Seen& seen, std::size_t left, StopToken stop) {
  while (true) {
    const std::size_t part = std::min(left, input_.size());
    seen.body.append(input_, 0, part);
    input_.erase(0, part);
    left -= part;
    if (left == 0) co_return true;
    const bool filled = co_await fill(stop);
    if (!filled) co_return false;
  }
}

Task<bool> AnswerReader::read_chunks(Seen& seen, StopToken stop) {
  std::string line;
  while (true) {
    bool there = co_await read_line(line, stop);
    if (!there) co_return false;
    const std::size_t size = parse_number(line, 16);
    if (size > 0) {
      there = co_await read_length(seen, size, stop);
      if (!there) co_return false;
    }
    there = co_await read_line(line, stop);
    if (!there) co_return false;
    EXPECT_EQ(line, "") << "a chunk's end";
    if (size == 0) co_return true;
  }
}

Task<bool> AnswerReader::read(Seen& seen, bool to_head, bool stop_at_continue, StopToken stop) {
  bool whole = co_await read_head(seen, stop);
  if (whole && seen.status == 100) {
    seen.status = 0;
    if (stop_at_continue) co_return true;
    whole = co_await read_head(seen, stop);
  }
  if (!whole) co_return false;
  EXPECT_FALSE(seen.headers.contains("set-cookie"));
  const auto length = seen.headers.find("content-length");
  const bool chunked = seen.headers.contains("transfer-encoding");
  if (seen.status != 204) {
    EXPECT_NE(chunked, length != seen.headers.end()) << "no framing, or two";
  }
  if (to_head || seen.status == 204 || seen.status == 304) {
    seen.complete = true;
  } else if (chunked) {
    seen.complete = co_await read_chunks(seen, stop);
  } else if (length != seen.headers.end()) {
    seen.complete = co_await read_length(seen, parse_number(length->second, 10), stop);
  }
  const auto connection = seen.headers.find("connection");
  co_return seen.complete && (connection == seen.headers.end() || connection->second != "close");
}

}  // namespace sluice::gateway::testing
