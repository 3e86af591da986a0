// The recorded exchanges under tests/fixtures/recorded, and the plainest possible SSE splitter.
#pragma once
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/json/value.h"
#include "sluice/llm/endpoint.h"

namespace sluice::llm {

struct RecordedExchange {
  std::string name;  // file and case
  std::string url = {};
  std::string request_body = {};  // empty when unknown
  int status = 200;
  std::string body = {};
};

inline std::string read_recorded_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string recorded_text(std::optional<json::Value> side, std::string_view name) {
  if (!side) return {};
  const auto value = side->find(name);
  return value ? value->string().value_or("") : "";
}

inline void read_pairs(const std::string& file, const std::string& name,
                       std::vector<RecordedExchange>& out) {
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
    const auto status = response->find("status");
    out.push_back({.name = name + " " + recorded_text(pair, "case"),
                   .url = recorded_text(request, "url"),
                   .request_body = recorded_text(request, "body_text"),
                   .status = static_cast<int>(status->integer().value_or(0)),
                   .body = recorded_text(response, "body_text")});
  }
}

/// Every exchange below one of the given folders. Lines of chunks become events again.
inline std::vector<RecordedExchange> recorded_exchanges(std::vector<std::string> folders) {
  std::vector<RecordedExchange> out;
  const std::filesystem::path root = SLUICE_TEST_FIXTURES;
  for (const std::string& folder : folders) {
    if (!std::filesystem::exists(root / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string name = std::filesystem::relative(entry.path(), root).string();
      const std::string file = read_recorded_file(entry.path());
      if (name.ends_with(".pairs.jsonl")) {
        read_pairs(file, name, out);
      } else if (name.ends_with(".sse") || name.ends_with(".json")) {
        out.push_back({.name = name, .body = file});
      } else if (name.ends_with(".chunks.txt")) {
        std::string body;
        for (std::size_t at = 0; at < file.size();) {
          const std::size_t end = std::min(file.find('\n', at), file.size());
          if (end > at) body += "data: " + file.substr(at, end - at) + "\n\n";
          at = end + 1;
        }
        const bool has_end_mark = name.find("responses") == std::string::npos &&
                                  !name.starts_with("gemini/") && !name.starts_with("vertex/");
        if (has_end_mark) body += "data: [DONE]\n\n";
        out.push_back({.name = name, .body = body});
      }
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

struct RecordedEvent {
  std::string name;
  std::string data;
};

inline bool is_event_stream(std::string_view body) {
  const std::size_t start = body.find_first_not_of(" \r\n");
  if (start == body.npos) return false;
  body.remove_prefix(start);
  return body.starts_with("data:") || body.starts_with("event:") || body.starts_with(":");
}

inline std::vector<RecordedEvent> split_events(std::string_view body) {
  std::vector<RecordedEvent> events;
  RecordedEvent event;
  bool has_data = false;
  const auto field_value = [](std::string_view line, std::size_t name_bytes) {
    line.remove_prefix(name_bytes);
    if (line.starts_with(' ')) line.remove_prefix(1);
    return line;
  };
  for (std::size_t at = 0; at <= body.size();) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    std::string_view line = body.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (has_data) events.push_back(event);
      event = {};
      has_data = false;
    } else if (line.starts_with("data:")) {
      if (has_data) event.data += '\n';
      event.data += field_value(line, 5);
      has_data = true;
    } else if (line.starts_with("event:")) {
      event.name = field_value(line, 6);
    }
  }
  if (has_data) events.push_back(event);
  return events;
}

/// The operation, told from the file's folder or the URL.
inline Operation recorded_operation(const RecordedExchange& exchange) {
  const std::string& url = exchange.url;
  const auto url_ends = [&](std::string_view end) {
    return std::string_view(url).substr(0, url.find('?')).ends_with(end);
  };
  if (url_ends("/chat/completions")) return Operation::chat_completions;
  if (url_ends("/completions")) return Operation::completions;
  if (url_ends("/responses")) return Operation::responses;
  if (url_ends("/embeddings")) return Operation::embeddings;
  if (url_ends("/moderations")) return Operation::moderations;
  if (url_ends("/images/generations")) return Operation::images_generations;
  if (url_ends("/images/edits")) return Operation::images_edits;
  if (!url.empty()) return Operation::models;  // something else
  // A folder is the source's opinion; the body knows better.
  if (exchange.body.find("\"chat.completion") != std::string::npos) {
    return Operation::chat_completions;
  }
  if (exchange.name.find("openai/completions/") != std::string::npos) return Operation::completions;
  if (exchange.name.find("/responses/") != std::string::npos) return Operation::responses;
  if (exchange.name.find("/embeddings/") != std::string::npos) return Operation::embeddings;
  if (exchange.name.find("/images/") != std::string::npos) return Operation::images_generations;
  return Operation::chat_completions;
}

}  // namespace sluice::llm
