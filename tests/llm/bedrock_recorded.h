// Recorded exchanges with Bedrock's Converse, streams taken apart into the events a reader is told.
#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../support/base64.h"
#include "recorded.h"
#include "sluice/http/aws_event_stream.h"
#include "sluice/llm/bedrock_reader.h"

namespace sluice::llm {

struct BedrockExchange {
  std::string name;  // file, case and number
  std::string url = {};
  std::string request_body = {};
  int status = 200;
  std::string body = {};  // of a whole answer
  std::vector<RecordedEvent> events = {};
};

/// As the gateway tells them to a reader.
inline std::vector<RecordedEvent> split_event_stream(const std::string& stream) {
  std::vector<RecordedEvent> events;
  http::AwsEventStreamParser parser;
  http::AwsMessage message;
  parser.feed(Slice::copy_of(stream));
  while (parser.next(message) == http::AwsEventStreamStatus::event) {
    std::string name(message.name);
    if (message.kind == http::AwsMessageKind::exception) name.insert(0, bedrock_exception_prefix);
    events.push_back({.name = std::move(name), .data = std::string(message.payload)});
  }
  SLUICE_ASSERT(parser.held_bytes() == 0);
  return events;
}

inline void read_bedrock_pairs(const std::string& file, const std::string& name,
                               std::vector<BedrockExchange>& out) {
  json::Index index({.depth_max = 256});
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t end = std::min(file.find('\n', at), file.size());
    const std::string_view line = std::string_view(file).substr(at, end - at);
    at = end + 1;
    if (line.empty()) continue;
    SLUICE_ASSERT(index.build(line).has_value());
    const json::Value pair = json::root(index);
    const auto request = pair.find("request");
    const auto response = pair.find("response");
    BedrockExchange exchange{
        .name =
            name + " " + recorded_text(pair, "case") + " " + std::string(pair.find("seq")->raw()),
        .url = recorded_text(request, "url"),
        .request_body = recorded_text(request, "body_text"),
        .status = static_cast<int>(response->find("status")->integer().value_or(0)),
        .body = recorded_text(response, "body_text")};
    if (exchange.url.find("/converse") == std::string::npos) continue;
    const std::string binary = recorded_text(response, "body_base64");
    if (!binary.empty()) exchange.events = split_event_stream(test::decode_base64(binary));
    out.push_back(std::move(exchange));
  }
}

/// {"contentBlockDelta":{...}} per line.
inline std::vector<RecordedEvent> read_bedrock_chunks(const std::string& file) {
  std::vector<RecordedEvent> events;
  json::Index index;
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t end = std::min(file.find('\n', at), file.size());
    const std::string_view line = std::string_view(file).substr(at, end - at);
    at = end + 1;
    if (line.empty()) continue;
    SLUICE_ASSERT(index.build(line).has_value());
    const json::Member member = *json::root(index).members().begin();
    events.push_back({.name = *member.key.string(), .data = std::string(member.value.raw())});
  }
  return events;
}

/// All of them, in the order of their files' names.
inline std::vector<BedrockExchange> bedrock_exchanges() {
  std::vector<std::filesystem::path> paths;
  const std::filesystem::path root = SLUICE_TEST_FIXTURES;
  for (const std::string folder : {"bedrock/converse", "cross", "synthetic"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  std::vector<BedrockExchange> out;
  for (const std::filesystem::path& path : paths) {
    const std::string name = std::filesystem::relative(path, root).string();
    const std::string file = read_recorded_file(path);
    if (name.ends_with(".pairs.jsonl")) {
      read_bedrock_pairs(file, name, out);
    } else if (name.ends_with(".chunks.txt")) {
      out.push_back({.name = name, .events = read_bedrock_chunks(file)});
    } else if (name.ends_with(".json")) {
      out.push_back({.name = name, .body = file});
    }
  }
  return out;
}

}  // namespace sluice::llm
