#include "recorded_oracle.h"

#include <algorithm>
#include <array>
#include <optional>

#include "sluice/json/value.h"
#include "sluice/json/writer.h"

namespace sluice::gateway::testing {
namespace {

using json::Kind;
using json::Value;

// As README and sluice.example.toml list them.
constexpr std::array<std::string_view, 18> gateway_only = {
    "models",       "fallbacks",    "fallback_config", "route",
    "provider",     "routing",      "plugins",         "post_processing_steps",
    "model_region", "transforms",   "preset",          "transcript_id",
    "session_id",   "trace",        "debug",           "free_models_only",
    "no_reasoning", "stream_rescue"};

bool is_chunked(const RecordedExchange& exchange) {
  return exchange.path == "/chat/completions" || exchange.path == "/completions";
}

// One event or comment of a stream, its empty line included.
struct StreamBlock {
  std::string raw;
  std::string name;
  std::string data;
  bool has_data = false;
};

std::string field_value(std::string_view line, std::size_t name_bytes) {
  line.remove_prefix(name_bytes);
  if (line.starts_with(' ')) line.remove_prefix(1);
  return std::string(line);
}

void read_line(std::string_view line, StreamBlock& block) {
  if (line.starts_with("data:")) {
    if (block.has_data) block.data += '\n';
    block.data += field_value(line, 5);
    block.has_data = true;
  } else if (line.starts_with("event:")) {
    block.name = field_value(line, 6);
  }
}

std::vector<StreamBlock> split(std::string_view body) {
  std::vector<StreamBlock> blocks;
  StreamBlock block;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    std::string_view line = body.substr(at, end - at);
    block.raw += body.substr(at, end + 1 - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    read_line(line, block);
    if (!line.empty() && at < body.size()) continue;
    if (!line.empty()) block.raw += "\n\n";  // a last event without its empty line gets one
    blocks.push_back(std::exchange(block, {}));
  }
  return blocks;
}

bool is_done(std::string_view data) {
  return data.substr(0, data.find_last_not_of(' ') + 1) == "[DONE]";
}

bool is_last_typed(Value event) {
  constexpr std::array<std::string_view, 5> types = {"response.completed", "response.incomplete",
                                                     "response.cancelled", "transcript.text.done",
                                                     "speech.audio.done"};
  const auto type = event.find("type");
  return type && std::any_of(types.begin(), types.end(),
                             [&](std::string_view t) { return type->string_equals(t); });
}

bool is_typed_error(Value event) {
  const auto type = event.find("type");
  return type && (type->string_equals("error") || type->string_equals("response.failed"));
}

bool is_error(const StreamBlock& block, Value event) {
  const auto error = event.find("error");
  if (error && !error->is_null()) return true;
  if (is_typed_error(event)) return true;
  const auto choices = event.find("choices");
  if (choices) {
    for (const Value choice : choices->elements()) {
      const auto reason = choice.find("finish_reason");
      if (reason && reason->string_equals("error")) return true;
    }
  }
  return block.name == "error";
}

bool is_usage_only(Value event) {
  const auto choices = event.find("choices");
  const auto usage = event.find("usage");
  return choices && choices->is(Kind::array) && choices->is_empty() && usage &&
         usage->is(Kind::object) && !usage->is_empty();
}

bool says_why_it_ends(Value event) {
  const auto choices = event.find("choices");
  if (!choices) return false;
  for (const Value choice : choices->elements()) {
    const auto reason = choice.find("finish_reason");
    if (reason && reason->is(Kind::string) && !reason->string_equals("")) return true;
  }
  return false;
}

bool counts_tokens(Value event) {
  const auto usage = event.find("usage");
  return usage && usage->is(Kind::object) && !usage->is_empty();
}

struct Edit {
  std::size_t begin;
  std::size_t end;
  std::string text;
};

bool erase_once(std::string& text, const std::string& part) {
  const std::size_t at = text.find(part);
  if (at == text.npos) return false;
  text.erase(at, part.size());
  return true;
}

std::optional<std::pair<std::size_t, std::size_t>> form_model(std::string_view body) {
  const std::size_t name = body.find("name=\"model\"");
  if (name == body.npos) return std::nullopt;
  const std::size_t begin = body.find("\r\n\r\n", name) + 4;
  return std::pair(begin, body.find("\r\n", begin) - begin);
}

}  // namespace

std::string model_of(const RecordedExchange& exchange) {
  if (exchange.content_type.starts_with("multipart")) {
    const auto model = form_model(exchange.request_body);
    return model ? exchange.request_body.substr(model->first, model->second) : std::string();
  }
  json::Index index({.depth_max = 256});
  if (!index.build(exchange.request_body)) return {};
  const auto model = json::root(index).find("model");
  return model ? model->string().value_or("") : "";
}

std::string upstream_model_of(std::string_view model) { return std::string(model) + "@upstream"; }

std::string upstream_body(const RecordedExchange& exchange) {
  std::string body = exchange.request_body;
  json::Index index({.depth_max = 256});
  if (!index.build(exchange.request_body)) return body;
  const Value top = json::root(index);
  const auto stream = top.find("stream");
  const bool ask =
      is_chunked(exchange) && stream && stream->boolean() == true && !asks_for_usage(exchange);
  const std::string options = R"({"include_usage":true})";
  std::vector<Edit> edits;
  bool named = false;
  bool asked = false;
  std::optional<std::size_t> kept_end;  // behind the last member that stays
  std::size_t last_end = 0;             // behind the last member
  std::optional<std::size_t> front;     // where a run that goes began, if nothing stays before it
  for (const json::Member member : top.members()) {
    const std::string key = *member.key.string();
    const json::Span value = member.value.span();
    if (std::find(gateway_only.begin(), gateway_only.end(), key) != gateway_only.end()) {
      // Behind one that stays it goes with the comma before it, else with the comma behind it.
      if (kept_end) edits.push_back({last_end, value.end(), ""});
      if (!kept_end && !front) front = member.key.span().offset;
      last_end = value.end();
      continue;
    }
    if (front) edits.push_back({*std::exchange(front, std::nullopt), member.key.span().offset, ""});
    kept_end = last_end = value.end();
    if (key == "model") {
      named = true;
      edits.push_back(
          {value.offset, value.end(), json::quote(upstream_model_of(*member.value.string()))});
    } else if (key == "stream_options" && ask) {
      // None of the recordings has stream_options that ask for something else.
      asked = true;
      edits.push_back({value.offset, value.end(), options});
    }
  }
  if (ask && !asked) edits.push_back({*kept_end, *kept_end, ",\"stream_options\":" + options});
  if (!named && exchange.path == "/moderations") {
    const std::size_t open = top.span().offset + 1;
    edits.push_back(
        {open, open,
         "\"model\":" + json::quote(upstream_model_of("omni-moderation-latest")) + ","});
  }
  // From the back, so that what is to come keeps its place.
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& x, const Edit& y) { return x.begin > y.begin; });
  for (const Edit& edit : edits) body.replace(edit.begin, edit.end - edit.begin, edit.text);
  return body;
}

std::string upstream_form(const RecordedExchange& exchange) {
  std::string body = exchange.request_body;
  const auto model = form_model(body);
  if (model) body.insert(model->first + model->second, "@upstream");
  return body;
}

bool asks_for_usage(const RecordedExchange& exchange) {
  json::Index index({.depth_max = 256});
  if (!index.build(exchange.request_body)) return false;
  const auto options = json::root(index).find("stream_options");
  const auto asks = options ? options->find("include_usage") : std::nullopt;
  return asks && asks->boolean() == true;
}

ExpectedStream expected_stream(const RecordedExchange& exchange) {
  ExpectedStream expected;
  json::Index index({.depth_max = 256});
  const bool hides_usage = is_chunked(exchange) && !asks_for_usage(exchange);
  bool reasoned = false;
  bool counted = false;  // the tokens, by the last event
  for (const StreamBlock& block : split(exchange.response_body)) {
    if (!block.has_data) {
      expected.bytes += block.raw;
      continue;
    }
    if (is_done(block.data)) {
      if (is_chunked(exchange) && !reasoned && !counted) return expected;
      if (is_chunked(exchange)) expected.bytes += block.raw;
      expected.complete = true;
      return expected;
    }
    if (!index.build(block.data)) {
      expected.complete = false;
      return expected;
    }
    const Value event = json::root(index);
    if (is_error(block, event)) {
      // The last word of a typed stream is its client's to read, in the provider's own bytes.
      expected.error_shown = !is_chunked(exchange) && is_typed_error(event);
      if (expected.error_shown) expected.bytes += block.raw;
      return expected;
    }
    reasoned = reasoned || says_why_it_ends(event);
    counted = counts_tokens(event);
    if (hides_usage && is_usage_only(event)) continue;
    expected.bytes += block.raw;
    if (!is_chunked(exchange) && is_last_typed(event)) {
      expected.complete = true;
      return expected;  // what comes behind the last event is nobody's
    }
  }
  if (is_chunked(exchange) && reasoned) {  // all was said: the gateway has the last word
    expected.bytes += "data: [DONE]\n\n";
    expected.complete = true;
  }
  return expected;
}

std::string without_tags(std::string body, std::string_view request_id, std::string_view provider) {
  const std::string id = ",\"request_id\":" + json::quote(request_id);
  erase_once(body, id);
  erase_once(body, ",\"provider\":" + json::quote(provider));
  return body;
}

bool is_rendered_error(std::string_view body, std::string_view request_id) {
  json::Index index;
  if (!index.build(body)) return false;
  const auto error = json::root(index).find("error");
  const auto id = json::root(index).find("request_id");
  if (!error || !id || !id->string_equals(request_id)) return false;
  const auto text = [&](std::string_view name) {
    const auto value = error->find(name);
    return value && value->is(Kind::string) && value->string_raw()->size() > 0;
  };
  return text("message") && text("type") && error->find("param") && error->find("code");
}

bool error_passes(const RecordedExchange& exchange) {
  constexpr std::array<int, 6> statuses = {400, 404, 409, 413, 415, 422};
  if (std::find(statuses.begin(), statuses.end(), exchange.status) == statuses.end()) return false;
  json::Index index;
  if (!index.build(exchange.response_body)) return false;
  const auto error = json::root(index).find("error");
  return error && error->is(Kind::object);
}

}  // namespace sluice::gateway::testing
