// A client of the simulator's dialects for tests: asks the provider without a socket, and takes the
// answer apart by readers of its own, a few lines each, that share nothing with who wrote it.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/provider.h"
#include "sluice/http/head_parser.h"
#include "sluice/json/value.h"

namespace sluice::simulator {

/// A JSON document and the index of it.
class Document {
 public:
  explicit Document(std::string text) : text_(std::move(text)) {
    valid_ = index_.build(text_).has_value();
    EXPECT_TRUE(valid_) << text_;
    if (!valid_) valid_ = index_.build("{}").has_value();
  }
  /// The value at "choices.0.delta"; fails the test and is the root where there is none.
  [[nodiscard]] json::Value at(std::string_view path) const {
    json::Value value = json::root(index_);
    while (!path.empty()) {
      const std::string_view step = path.substr(0, path.find('.'));
      path.remove_prefix(std::min(step.size() + 1, path.size()));
      const auto next = step_into(value, step);
      EXPECT_TRUE(next.has_value()) << step << " is not in " << text_;
      if (!next) return json::root(index_);
      value = *next;
    }
    return value;
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return json::root(index_).find(name).has_value();
  }
  [[nodiscard]] std::string text(std::string_view path) const {
    return at(path).string().value_or("");
  }
  [[nodiscard]] std::int64_t number(std::string_view path) const {
    return at(path).integer().value_or(-1);
  }

 private:
  static std::optional<json::Value> step_into(json::Value value, std::string_view step) {
    if (!value.is(json::Kind::array)) return value.find(step);
    std::size_t left = static_cast<std::size_t>(std::atoi(std::string(step).c_str()));
    for (const json::Value element : value.elements()) {
      if (left-- == 0) return element;
    }
    return std::nullopt;
  }

  std::string text_;
  json::Index index_;
  bool valid_ = false;
};

struct StreamEvent {
  std::string name;  // of an `event:` line, or of a frame's event or exception type
  std::string data;
};

class DialectClient {
 public:
  explicit DialectClient(SimulatorConfig& config, const Recordings* recordings = nullptr)
      : provider_(config, recordings, occasions_, 7) {}

  /// Asks with `fields` as further field lines, each with its CR LF; gives the answer's body.
  std::string& post(std::string_view target, std::string_view json, std::string_view fields) {
    std::string request = "POST " + std::string(target) +
                          " HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n" +
                          std::string(fields) + "content-length: " + std::to_string(json.size()) +
                          "\r\n\r\n";
    http::RequestHead request_head;
    EXPECT_EQ(http::parse_request_head(request, request_head).status, http::ParseStatus::complete);
    const WallTime moment{std::chrono::seconds(1'760'000'000)};
    script = provider_.answer(request_head, *http::request_framing(request_head), json, moment);
    take_apart();
    return body;
  }

  [[nodiscard]] bool has_field(std::string_view line) const {
    return head.find("\r\n" + std::string(line)) != std::string::npos;
  }

  /// The body's server-sent events.
  [[nodiscard]] std::vector<StreamEvent> events() const {
    std::vector<StreamEvent> found;
    StreamEvent event;
    bool any = false;
    std::string_view rest = body;
    while (!rest.empty()) {
      std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) {
        if (any) found.push_back(std::exchange(event, {}));
        any = false;
      } else if (line.starts_with("event: ")) {
        event.name = line.substr(7);
      } else if (line.starts_with("data: ")) {
        event.data += line.substr(6);
        any = true;
      }
    }
    return found;
  }

  /// The body's frames (AWS's event stream), each checksum looked at.
  [[nodiscard]] std::vector<StreamEvent> frames() const {
    std::vector<StreamEvent> found;
    std::size_t at = 0;
    while (at + 16 <= body.size()) {
      const std::size_t total = number(at);
      const std::size_t headers = number(at + 4);
      EXPECT_EQ(number(at + 8), crc(at, 8)) << "frame " << found.size();
      EXPECT_LE(at + total, body.size());
      if (at + total > body.size() || headers + 16 > total) break;
      right_checksums = number(at + total - 4) == crc(at, total - 4);
      StreamEvent event;
      event.data = body.substr(at + 12 + headers, total - headers - 16);
      event.name = type_of(std::string_view(body).substr(at + 12, headers));
      found.push_back(std::move(event));
      at += total;
      if (!right_checksums) break;
    }
    return found;
  }

  Script script;
  int status = 0;
  std::string head;
  std::string body;
  bool complete = true;                  // of a chunked body
  mutable bool right_checksums = false;  // of the last frame looked at

 private:
  void take_apart() {
    const std::string& bytes = script.bytes;
    const std::size_t end = bytes.find("\r\n\r\n");
    ASSERT_NE(end, std::string::npos) << bytes;
    head = bytes.substr(0, end + 2);
    status = std::atoi(head.c_str() + 9);
    body = bytes.substr(end + 4);
    complete = true;
    if (!has_field("transfer-encoding: chunked")) return;
    std::string whole;
    complete = false;
    std::size_t at = 0;
    while (at < body.size()) {
      const std::size_t line = body.find("\r\n", at);
      if (line == std::string::npos) break;
      const std::size_t size = std::strtoul(body.c_str() + at, nullptr, 16);
      complete = size == 0 && body[at] == '0';
      if (size == 0) break;
      whole += body.substr(line + 2, size);
      at = line + 2 + size + 2;
    }
    body = whole;
  }

  [[nodiscard]] std::uint32_t number(std::size_t at) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
      value = value << 8U | static_cast<unsigned char>(body[at + i]);
    return value;
  }
  // Bit by bit: the polynomial of zlib, not zlib.
  [[nodiscard]] std::uint32_t crc(std::size_t at, std::size_t size) const {
    std::uint32_t state = 0xffffffffU;
    for (std::size_t i = at; i < at + size; ++i) {
      state ^= static_cast<unsigned char>(body[i]);
      for (int bit = 0; bit < 8; ++bit)
        state = (state >> 1U) ^ ((state & 1U) != 0 ? 0xedb88320U : 0U);
    }
    return ~state;
  }
  static std::string type_of(std::string_view headers) {
    while (headers.size() > 4) {
      const auto name_size = static_cast<unsigned char>(headers[0]);
      const std::string_view name = headers.substr(1, name_size);
      headers.remove_prefix(std::size_t{name_size} + 2);
      const std::size_t size =
          static_cast<unsigned char>(headers[0]) * 256U + static_cast<unsigned char>(headers[1]);
      if (name == ":event-type" || name == ":exception-type")
        return std::string(headers.substr(2, size));
      headers.remove_prefix(2 + size);
    }
    return {};
  }

  Occasions occasions_;
  Provider provider_;
};

}  // namespace sluice::simulator
