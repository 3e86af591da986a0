#include "simulator/recordings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sluice/http/text.h"
#include "sluice/json/value.h"

namespace sluice::simulator {
namespace {

using Done = std::expected<void, std::string>;

// What framing this body had is not recorded, and ours is another.
constexpr auto dropped_fields = std::to_array<std::string_view>(
    {"connection", "content-encoding", "content-length", "content-type", "date", "keep-alive",
     "transfer-encoding", "x-request-id"});

bool is_event_stream(std::string_view content_type) {
  return content_type.starts_with("text/event-stream");
}

/// Fills in how the body is delivered from its content type.
void shape(Answer& answer, std::string content_type) {
  if (is_event_stream(content_type)) {
    Answer stream = stream_answer(std::move(answer.body));
    answer.body = std::move(stream.body);
    answer.event_ends = std::move(stream.event_ends);
    answer.is_stream = true;
  }
  answer.content_type = std::move(content_type);
}

void add_fields(Answer& answer, json::Value headers, std::string& content_type) {
  for (const json::Member member : headers.members()) {
    const std::string name = member.key.string().value_or("");
    const std::string value = member.value.string().value_or("");
    if (name == "content-type") content_type = value;
    const bool dropped = std::ranges::find(dropped_fields, name) != dropped_fields.end();
    if (!dropped && http::is_token(name) && http::is_field_value(value))
      answer.add_field(name, value);
  }
}

/// One payload per line into events, as their dialect frames them.
std::string events_of(std::string_view lines, json::Index& index) {
  std::string stream;
  bool typed = false;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (http::trim_blanks(line).empty()) continue;
    if (index.build(line)) {
      const auto type = json::root(index).find("type");
      const auto name = type ? type->string() : std::nullopt;
      typed = name.has_value();
      if (typed) stream.append("event: ").append(*name).append("\n");
    }
    stream.append("data: ").append(line).append("\n\n");
  }
  if (!typed) stream += "data: [DONE]\n\n";
  return stream;
}

bool strip(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

}  // namespace

Done Recordings::add_pair(std::string_view stem, std::string_view line, json::Index& index) {
  if (!index.build(line)) return std::unexpected("a line is no JSON");
  const json::Value pair = json::root(index);
  const auto response = pair.find("response");
  const auto body = response ? response->find("body_text") : std::nullopt;
  if (!body) return {};  // binary or left out: nothing to replay
  Answer answer;
  body->append_string(answer.body);
  const auto status = response->find("status");
  const std::int64_t code = status ? status->integer().value_or(200) : 200;
  if (code < 200 || code > 599) return std::unexpected("a status is not 200 to 599");
  answer.status = static_cast<http::StatusCode>(code);
  const bool looks_like_stream = answer.body.starts_with("data:") ||
                                 answer.body.starts_with("event:") || answer.body.starts_with(":");
  std::string content_type = looks_like_stream ? "text/event-stream" : "application/json";
  if (const auto headers = response->find("headers")) add_fields(answer, *headers, content_type);
  shape(answer, std::move(content_type));
  const auto name = pair.find("case");
  const auto number = pair.find("seq");
  const std::string key = name ? name->string().value_or("") : "";
  const std::int64_t sequence = number ? number->integer().value_or(1) : 1;
  for (const std::string& full : {key, fmt::format("{}/{}", stem, key)}) {
    if (sequence == 1) answers_.try_emplace(full, answer);
    answers_.try_emplace(fmt::format("{}#{}", full, sequence), answer);
  }
  return {};
}

Done Recordings::add(std::string_view file, std::string_view text) {
  json::Index index;
  std::string_view stem = file;
  Answer answer;
  std::string content_type = "text/event-stream; charset=utf-8";
  if (strip(stem, ".pairs.jsonl")) {
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      if (line.empty()) continue;
      if (Done added = add_pair(stem, line, index); !added) return added;
    }
    return {};
  }
  if (strip(stem, ".sse")) {
    answer.body = text;
  } else if (strip(stem, ".chunks.txt")) {
    answer.body = events_of(text, index);
  } else if (strip(stem, ".json")) {
    answer.body = text;
    content_type = "application/json";
  } else {
    return {};
  }
  shape(answer, std::move(content_type));
  answers_.try_emplace(std::string(stem), std::move(answer));
  return {};
}

std::expected<Recordings, std::string> Recordings::load(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_regular_file(error)) files.push_back(at->path());
  }
  if (error) return std::unexpected(fmt::format("cannot read {}: {}", folder, error.message()));
  std::ranges::sort(files);  // where a name occurs twice, the first counts: on every machine alike
  Recordings recordings;
  for (const fs::path& path : files) {
    std::ifstream in(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    if (!in) return std::unexpected(fmt::format("cannot read {}", path.string()));
    if (Done added = recordings.add(path.filename().string(), text); !added) {
      return std::unexpected(fmt::format("{}: {}", path.string(), added.error()));
    }
  }
  return recordings;
}

const Answer* Recordings::find(std::string_view name) const {
  const auto found = answers_.find(name);
  return found == answers_.end() ? nullptr : &found->second;
}

}  // namespace sluice::simulator
