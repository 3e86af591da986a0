#include "sluice/llm/endpoint.h"

#include <array>
#include <optional>

#include "sluice/json/utf8.h"

namespace sluice::llm {
namespace {

constexpr std::string_view version = "/v1";
constexpr std::size_t id_bytes_max = 512;

struct Row {
  std::string_view path;  // below the version
  std::string_view method;
  Endpoint endpoint;
};

Endpoint json(Operation operation, Streaming streaming) {
  return {.operation = operation, .streaming = streaming};
}

Endpoint anthropic(Operation operation, Streaming streaming) {
  return {.operation = operation, .dialect = Dialect::anthropic, .streaming = streaming};
}

Endpoint form(Operation operation, Streaming streaming) {
  return {.operation = operation, .body = BodyForm::multipart, .streaming = streaming};
}

Endpoint form_or_json(Operation operation, Streaming streaming) {
  Endpoint endpoint = form(operation, streaming);
  endpoint.json_too = true;
  return endpoint;
}

Endpoint bare(Operation operation, Streaming streaming = Streaming::never) {
  return {
      .operation = operation, .body = BodyForm::none, .streaming = streaming, .needs_model = false};
}

Endpoint local(Operation operation) {
  Endpoint endpoint = bare(operation);
  endpoint.is_local = true;
  return endpoint;
}

// Static data without pointers to own: built once, never destroyed.
const std::array<Row, 14>& fixed_rows() {
  static const std::array<Row, 14> rows = {{
      {"/chat/completions", "POST", json(Operation::chat_completions, Streaming::by_field)},
      {"/responses", "POST", json(Operation::responses, Streaming::by_field)},
      {"/embeddings", "POST", json(Operation::embeddings, Streaming::never)},
      {"/completions", "POST", json(Operation::completions, Streaming::by_field)},
      {"/models", "GET", local(Operation::models)},
      {"/moderations", "POST", json(Operation::moderations, Streaming::never)},
      {"/images/generations", "POST", json(Operation::images_generations, Streaming::by_field)},
      {"/images/edits", "POST", form_or_json(Operation::images_edits, Streaming::by_field)},
      {"/audio/speech", "POST", json(Operation::audio_speech, Streaming::by_field)},
      {"/audio/transcriptions", "POST", form(Operation::audio_transcriptions, Streaming::by_field)},
      {"/audio/translations", "POST", form(Operation::audio_translations, Streaming::never)},
      {"/responses/input_tokens", "POST",
       json(Operation::responses_input_tokens, Streaming::never)},
      {"/messages", "POST", anthropic(Operation::messages, Streaming::by_field)},
      {"/messages/count_tokens", "POST",
       anthropic(Operation::messages_count_tokens, Streaming::never)},
  }};
  return rows;
}

bool method_is(std::string_view method, std::string_view wanted) {
  return method == wanted || (wanted == "GET" && method == "HEAD");
}

std::string_view allow_of(std::string_view method) {
  return method == "GET" ? "GET, HEAD" : method;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// A percent-decoded id; nothing when the escapes are broken, or it is no plain text.
std::optional<std::string> decode_id(std::string_view raw) {
  std::string id;
  if (raw.empty() || raw.size() > 3 * id_bytes_max) return std::nullopt;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      if (i + 2 >= raw.size()) return std::nullopt;
      const int high = hex(raw[i + 1]);
      const int low = hex(raw[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return std::nullopt;
    id += c;
  }
  if (id.size() > id_bytes_max || json::find_invalid_utf8(id) != id.size()) return std::nullopt;
  return id;
}

/// A response's id goes into a provider's path: only letters that mean nothing there.
bool is_response_id(std::string_view id) {
  if (id.empty() || id.size() > id_bytes_max) return false;
  return id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
         std::string_view::npos;
}

using Found = std::expected<Endpoint, EndpointMiss>;

Found miss(std::string_view suggestion = {}) {
  return std::unexpected(EndpointMiss{.allow = {}, .suggestion = suggestion});
}

Found wrong_method(std::string_view allow, Operation operation) {
  return std::unexpected(EndpointMiss{.allow = allow, .suggestion = {}, .operation = operation});
}

Found find_model(std::string_view method, std::string_view raw_id) {
  std::optional<std::string> id = decode_id(raw_id);
  if (!id) return miss();
  if (!method_is(method, "GET")) return wrong_method("GET, HEAD", Operation::model);
  Endpoint endpoint = local(Operation::model);
  endpoint.id = std::move(*id);
  return endpoint;
}

Found find_response(std::string_view method, std::string_view rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view id = rest.substr(0, slash);
  const std::string_view action = slash == rest.npos ? std::string_view{} : rest.substr(slash);
  if (!is_response_id(id)) return miss();

  const auto with_id = [&](Endpoint endpoint) -> Found {
    endpoint.id = id;
    return endpoint;
  };
  if (action.empty()) {
    if (method_is(method, "GET")) {
      return with_id(bare(Operation::responses_retrieve, Streaming::by_query));
    }
    if (method == "DELETE") return with_id(bare(Operation::responses_delete));
    return wrong_method("GET, HEAD, DELETE", Operation::responses_retrieve);
  }
  if (action == "/cancel") {
    if (method == "POST") return with_id(bare(Operation::responses_cancel));
    return wrong_method("POST", Operation::responses_cancel);
  }
  if (action == "/input_items") {
    if (method_is(method, "GET")) return with_id(bare(Operation::responses_input_items));
    return wrong_method("GET, HEAD", Operation::responses_input_items);
  }
  return miss();
}

// What is likely meant by an unknown path: the known one it ends with, slash at the end or not.
std::string_view suggest(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  for (const Row& row : fixed_rows()) {
    if (path.ends_with(row.path)) return row.path;
  }
  return {};
}

Found find_path(std::string_view method, std::string_view path) {
  for (const Row& row : fixed_rows()) {
    if (path != row.path) continue;
    if (!method_is(method, row.method))
      return wrong_method(allow_of(row.method), row.endpoint.operation);
    return row.endpoint;
  }
  constexpr std::string_view models = "/models/";
  constexpr std::string_view responses = "/responses/";
  if (path.starts_with(models)) return find_model(method, path.substr(models.size()));
  if (path.starts_with(responses)) return find_response(method, path.substr(responses.size()));
  return miss(suggest(path));
}

}  // namespace

std::string_view to_string(Dialect dialect) noexcept {
  switch (dialect) {
    case Dialect::openai: return "openai";
    case Dialect::anthropic: return "anthropic";
  }
  __builtin_unreachable();
}

std::string_view to_string(Operation operation) noexcept {
  switch (operation) {
    case Operation::chat_completions: return "chat_completions";
    case Operation::completions: return "completions";
    case Operation::embeddings: return "embeddings";
    case Operation::responses: return "responses";
    case Operation::responses_retrieve: return "responses_retrieve";
    case Operation::responses_delete: return "responses_delete";
    case Operation::responses_cancel: return "responses_cancel";
    case Operation::responses_input_items: return "responses_input_items";
    case Operation::responses_input_tokens: return "responses_input_tokens";
    case Operation::images_generations: return "images_generations";
    case Operation::images_edits: return "images_edits";
    case Operation::audio_speech: return "audio_speech";
    case Operation::audio_transcriptions: return "audio_transcriptions";
    case Operation::audio_translations: return "audio_translations";
    case Operation::moderations: return "moderations";
    case Operation::messages: return "messages";
    case Operation::messages_count_tokens: return "messages_count_tokens";
    case Operation::models: return "models";
    case Operation::model: return "model";
  }
  __builtin_unreachable();
}

bool answers_in_json(Operation operation) noexcept {
  switch (operation) {
    case Operation::chat_completions:
    case Operation::completions:
    case Operation::embeddings:
    case Operation::responses:
    case Operation::responses_retrieve:
    case Operation::responses_cancel:
    case Operation::responses_input_items:
    case Operation::responses_input_tokens:
    case Operation::images_generations:
    case Operation::images_edits:
    case Operation::moderations:
    case Operation::messages:
    case Operation::messages_count_tokens: return true;
    case Operation::responses_delete:
    case Operation::audio_speech:
    case Operation::audio_transcriptions:
    case Operation::audio_translations:
    case Operation::models:
    case Operation::model: return false;
  }
  __builtin_unreachable();
}

bool counts_tokens(Operation operation) noexcept {
  switch (operation) {
    case Operation::chat_completions:
    case Operation::completions:
    case Operation::embeddings:
    case Operation::responses:
    case Operation::images_generations:
    case Operation::images_edits:
    case Operation::messages: return true;
    case Operation::responses_retrieve:
    case Operation::responses_cancel:
    case Operation::responses_input_items:
    case Operation::responses_input_tokens:
    case Operation::responses_delete:
    case Operation::moderations:
    case Operation::messages_count_tokens:
    case Operation::audio_speech:
    case Operation::audio_transcriptions:
    case Operation::audio_translations:
    case Operation::models:
    case Operation::model: return false;
  }
  __builtin_unreachable();
}

std::expected<Endpoint, EndpointMiss> find_endpoint(std::string_view method,
                                                    std::string_view target) {
  const std::size_t question = target.find('?');
  const std::string_view whole_path = target.substr(0, question);
  const std::string_view query =
      question == target.npos ? std::string_view{} : target.substr(question);
  if (target.find('#') != target.npos) return miss();
  const bool versioned = whole_path.starts_with("/v1/");
  if (!versioned) return miss(suggest(whole_path));

  const std::string_view path = whole_path.substr(version.size());
  Found found = find_path(method, path);
  if (!found) return found;
  found->path = path;
  found->query = query;
  return found;
}

bool media_type_fits(BodyForm form, std::string_view content_type) noexcept {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.starts_with(' ') || type.starts_with('\t')) type.remove_prefix(1);
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  const auto is = [](std::string_view text, std::string_view wanted) {
    if (text.size() != wanted.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      if (lower != wanted[i]) return false;
    }
    return true;
  };
  constexpr std::string_view suffix = "+json";
  switch (form) {
    case BodyForm::none: return true;
    case BodyForm::json:
      return type.empty() || is(type, "application/json") || is(type, "text/json") ||
             (type.size() > suffix.size() && is(type.substr(type.size() - suffix.size()), suffix));
    case BodyForm::multipart: return is(type, "multipart/form-data");
  }
  __builtin_unreachable();
}

}  // namespace sluice::llm
