#include "simulator/recordings.h"

#include <fmt/format.h>
#include <openssl/base64.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "simulator/event_frame.h"
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

constexpr std::string_view frames_type = "application/vnd.amazon.eventstream";

/// Fills in how the body is delivered from its content type.
void shape(Answer& answer, std::string content_type) {
  if (is_event_stream(content_type)) {
    Answer stream = stream_answer(std::move(answer.body));
    answer.body = std::move(stream.body);
    answer.event_ends = std::move(stream.event_ends);
    answer.is_stream = true;
  }
  if (content_type.starts_with(frames_type)) {
    answer.event_ends = frame_ends(answer.body);
    if (answer.event_ends.empty()) answer.event_ends = {answer.body.size()};
    answer.is_stream = true;
  }
  answer.content_type = std::move(content_type);
}

/// The bytes of a body, recorded as text or in base64; nothing where it was left out.
std::optional<std::string> body_of(json::Value response) {
  if (const auto text = response.find("body_text")) return text->string();
  const auto coded = response.find("body_base64");
  const std::string text = coded ? coded->string().value_or("") : "";
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  std::size_t size = 0;
  const bool decoded =
      EVP_DecodeBase64(reinterpret_cast<std::uint8_t*>(bytes.data()), &size, bytes.size(),
                       reinterpret_cast<const std::uint8_t*>(text.data()), text.size()) == 1;
  if (!decoded) return std::nullopt;
  bytes.resize(size);
  return bytes;
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

/// The name of Converse's event whose payload a line {"messageStart":{...}} holds.
std::optional<std::string> frame_name(json::Value line) {
  constexpr std::string_view names[] = {"messageStart",      "contentBlockStart",
                                        "contentBlockDelta", "contentBlockStop",
                                        "messageStop",       "metadata"};
  for (const std::string_view name : names) {
    if (line.find(name)) return std::string(name);
  }
  return std::nullopt;
}

// One payload per line into events.
class ChunkFramer {
 public:
  explicit ChunkFramer(json::Index& index) : index_(index) {}

  void add(std::string_view line) {
    if (index_.build(line)) {
      const json::Value root = json::root(index_);
      if (const auto frame = frame_name(root)) {
        append_frame(stream_, "event", *frame, root.find(*frame)->raw());
        frames_ = true;
        return;
      }
      google_ = root.find("candidates").has_value() || root.find("usageMetadata").has_value();
      const auto type = root.find("type");
      const auto name = type ? type->string() : std::nullopt;
      typed_ = name.has_value();
      if (typed_) stream_.append("event: ").append(*name).append("\n");
    }
    stream_.append("data: ").append(line).append(google_ ? "\r\n\r\n" : "\n\n");
  }

  /// The stream, with the end that its dialect has.
  std::string take() {
    if (!typed_ && !google_ && !frames_) stream_ += "data: [DONE]\n\n";
    return std::move(stream_);
  }
  [[nodiscard]] bool frames() const noexcept { return frames_; }

 private:
  json::Index& index_;
  std::string stream_;
  bool typed_ = false;
  bool google_ = false;
  bool frames_ = false;
};

bool strip(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

}  // namespace

Done Recordings::add_pair(std::string_view folder, std::string_view stem, std::string_view line,
                          json::Index& index) {
  if (!index.build(line)) return std::unexpected("a line is no JSON");
  const json::Value pair = json::root(index);
  const auto response = pair.find("response");
  auto body = response ? body_of(*response) : std::nullopt;
  if (!body) return {};  // left out: nothing to replay
  Answer answer;
  answer.body = std::move(*body);
  const auto status = response->find("status");
  const std::int64_t code = status ? status->integer().value_or(200) : 200;
  if (code < 200 || code > 599) return std::unexpected("a status is not 200 to 599");
  answer.status = static_cast<http::StatusCode>(code);
  const bool looks_like_stream = answer.body.starts_with("data:") ||
                                 answer.body.starts_with("event:") || answer.body.starts_with(":");
  std::string content_type = looks_like_stream ? "text/event-stream" : "application/json";
  if (response->find("body_base64")) content_type = frames_type;
  if (const auto headers = response->find("headers")) add_fields(answer, *headers, content_type);
  shape(answer, std::move(content_type));
  const auto name = pair.find("case");
  const auto number = pair.find("seq");
  const std::string key = name ? name->string().value_or("") : "";
  const std::int64_t sequence = number ? number->integer().value_or(1) : 1;
  for (const std::string& full :
       {key, fmt::format("{}/{}", stem, key), fmt::format("{}{}/{}", folder, stem, key)}) {
    if (sequence == 1) answers_.try_emplace(full, answer);
    answers_.try_emplace(fmt::format("{}#{}", full, sequence), answer);
  }
  return {};
}

Done Recordings::add(std::string_view file, std::string_view text) {
  json::Index index;
  const std::size_t slash = file.rfind('/');
  const std::string_view folder = slash == file.npos ? "" : file.substr(0, slash + 1);
  std::string_view stem = file.substr(folder.size());
  Answer answer;
  std::string content_type = "text/event-stream; charset=utf-8";
  if (strip(stem, ".pairs.jsonl")) {
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      if (line.empty()) continue;
      if (Done added = add_pair(folder, stem, line, index); !added) return added;
    }
    return {};
  }
  if (strip(stem, ".sse")) {
    answer.body = text;
  } else if (strip(stem, ".chunks.txt")) {
    ChunkFramer framer(index);
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      if (!http::trim_blanks(line).empty()) framer.add(line);
    }
    if (framer.frames()) content_type = frames_type;
    answer.body = framer.take();
  } else if (strip(stem, ".json")) {
    answer.body = text;
    content_type = "application/json";
  } else {
    return {};
  }
  shape(answer, std::move(content_type));
  answers_.try_emplace(std::string(folder).append(stem), answer);
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
    if (Done added = recordings.add(fs::relative(path, folder).string(), text); !added) {
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
