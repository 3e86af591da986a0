#include "recorded_traffic.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "sluice/base/assert.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"

namespace sluice::gateway::testing {
namespace {

constexpr std::string_view made_up_model = "recorded-model";

std::string text_of(std::optional<json::Value> holder, std::string_view name) {
  const auto value = holder ? holder->find(name) : std::nullopt;
  return value ? value->string().value_or("") : "";
}

// The endpoint a recorded URL stands for here, whatever prefix its host has; empty for another API.
std::string path_of(std::string_view url) {
  constexpr std::array<std::string_view, 7> paths = {
      "/chat/completions",   "/completions",  "/responses",  "/embeddings",
      "/images/generations", "/images/edits", "/moderations"};
  url = url.substr(0, url.find('?'));
  for (const std::string_view path : paths) {
    if (url.ends_with(path)) return std::string(path);
  }
  return {};
}

bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 6> names = {"content-length",    "content-encoding",
                                                     "transfer-encoding", "connection",
                                                     "keep-alive",        "trailer"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool looks_like_stream(std::string_view body) {
  body.remove_prefix(std::min(body.find_first_not_of(" \r\n"), body.size()));
  return body.starts_with("data:") || body.starts_with("event:") || body.starts_with(":");
}

void add_content_type(RecordedExchange& exchange) {
  for (const auto& [name, value] : exchange.response_headers) {
    if (name == "content-type") return;
  }
  if (exchange.response_body.empty()) return;
  exchange.response_headers.emplace_back("content-type", looks_like_stream(exchange.response_body)
                                                             ? "text/event-stream"
                                                             : "application/json");
}

void add_pair(json::Value pair, const std::string& name, RecordedFile& file) {
  const auto request = pair.find("request");
  const auto response = pair.find("response");
  const std::string url = text_of(request, "url");
  RecordedExchange exchange;
  exchange.name = name + " " + text_of(pair, "case");
  exchange.path = path_of(url);
  exchange.request_body = text_of(request, "body_text");
  exchange.response_body = text_of(response, "body_text");
  exchange.status = static_cast<int>(response->find("status")->integer().value_or(0));
  if (exchange.path.empty()) {
    file.left_out.push_back(exchange.name + ": another API than the gateway relays, " + url);
    return;
  }
  exchange.content_type = text_of(request->find("headers"), "content-type");
  if (exchange.request_body.starts_with("--")) {
    // Whatever the source says of its form, the body knows its boundary.
    const std::size_t end = exchange.request_body.find("\r\n");
    exchange.content_type =
        "multipart/form-data; boundary=" + exchange.request_body.substr(2, end - 2);
  }
  for (const json::Member member : response->find("headers")->members()) {
    const std::string field = *member.key.string();
    if (!is_framing(field)) {
      exchange.response_headers.emplace_back(field, member.value.string().value_or(""));
    }
  }
  add_content_type(exchange);
  file.exchanges.push_back(std::move(exchange));
}

void add_pairs(std::string_view text, RecordedFile& file) {
  json::Index index({.depth_max = 256});
  std::size_t line_number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++line_number;
    if (line.empty()) continue;
    SLUICE_ASSERT(index.build(line).has_value());
    add_pair(json::root(index), file.name + ":" + std::to_string(line_number), file);
  }
}

// The folder is the source's opinion; the body knows better.
std::string path_of_answer(std::string_view name, std::string_view body) {
  if (body.find("\"chat.completion") != body.npos) return "/chat/completions";
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> folders = {
      {{"openai/completions/", "/completions"},
       {"/responses/", "/responses"},
       {"/embeddings/", "/embeddings"},
       {"/images/", "/images/generations"}}};
  for (const auto& [folder, path] : folders) {
    if (name.find(folder) != name.npos) return std::string(path);
  }
  return "/chat/completions";
}

std::string made_up_request(std::string_view path, bool stream, bool asks_usage) {
  std::string body = "{\"model\":" + json::quote(made_up_model);
  if (path == "/chat/completions") {
    body += R"(,"messages":[{"role":"user","content":"hi"}])";
  } else if (path == "/responses" || path == "/embeddings") {
    body += R"(,"input":"hi")";
  } else {
    body += R"(,"prompt":"hi")";
  }
  if (stream) body += R"(,"stream":true)";
  if (asks_usage) body += R"(,"stream_options":{"include_usage":true})";
  return body + "}";
}

// Of an error without its status: a quota is told by 429, the others in the set are 400.
int status_of_answer(std::string_view body) {
  const bool is_error = body.starts_with("{\n  \"error\"") && body.find("\"object\"") == body.npos;
  if (!is_error) return 200;
  return body.find("insufficient_quota") == body.npos ? 400 : 429;
}

void add_answer(std::string body, RecordedFile& file) {
  const bool stream = looks_like_stream(body);
  RecordedExchange exchange{.name = file.name,
                            .path = path_of_answer(file.name, body),
                            .content_type = "application/json",
                            .request_body = {},
                            .request_recorded = false,
                            .status = status_of_answer(body),
                            .response_headers = {},
                            .response_body = std::move(body)};
  add_content_type(exchange);
  exchange.request_body = made_up_request(exchange.path, stream, false);
  const bool has_usage_option =
      exchange.path == "/chat/completions" || exchange.path == "/completions";
  if (stream && has_usage_option) {
    RecordedExchange asking = exchange;
    asking.name += " asking for usage";
    asking.request_body = made_up_request(exchange.path, stream, true);
    file.exchanges.push_back(std::move(asking));
  }
  file.exchanges.push_back(std::move(exchange));
}

// One JSON payload per line becomes an event again.
std::string stream_of_chunks(std::string_view text, bool is_responses) {
  std::string body;
  json::Index index;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty()) continue;
    if (is_responses) {
      SLUICE_ASSERT(index.build(line).has_value());
      body += "event: " + text_of(json::root(index), "type") + "\n";
    }
    body += "data: " + std::string(line) + "\n\n";
  }
  if (!is_responses) body += "data: [DONE]\n\n";
  return body;
}

RecordedFile read_file(const std::filesystem::path& path, std::string name) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  RecordedFile file{.name = std::move(name), .exchanges = {}, .left_out = {}};
  if (file.name.ends_with(".pairs.jsonl")) {
    add_pairs(text, file);
  } else if (file.name.ends_with(".chunks.txt")) {
    add_answer(stream_of_chunks(text, file.name.find("/responses/") != file.name.npos), file);
  } else {
    SLUICE_ASSERT(file.name.ends_with(".sse") || file.name.ends_with(".json"));
    add_answer(text, file);
  }
  return file;
}

}  // namespace

bool RecordedExchange::is_stream() const { return looks_like_stream(response_body); }

std::vector<RecordedFile> recorded_files() {
  std::vector<RecordedFile> files;
  const std::filesystem::path root = SLUICE_TEST_FIXTURES;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    std::string name = std::filesystem::relative(entry.path(), root).string();
    if (!entry.is_regular_file() || name.ends_with("README.md")) continue;
    if (!name.starts_with("openai") && !name.starts_with("synthetic/")) continue;
    files.push_back(read_file(entry.path(), std::move(name)));
  }
  std::sort(files.begin(), files.end(),
            [](const RecordedFile& a, const RecordedFile& b) { return a.name < b.name; });
  return files;
}

}  // namespace sluice::gateway::testing
