#include "sluice/llm/openai_request.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "include_usage.h"
#include "member_names.h"
#include "sluice/base/assert.h"
#include "sluice/json/object_edit.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"
#include "wish_members.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;
using Checked = std::expected<void, ApiError>;

constexpr std::size_t model_bytes_max = 512;

// In OpenAI's API the model of a moderation may be left out and is this one then.
constexpr std::string_view default_moderation_model = "omni-moderation-latest";

constexpr std::array<std::string_view, 18> gateway_only_fields = {
    "models",       "fallbacks",    "fallback_config", "route",
    "provider",     "routing",      "plugins",         "post_processing_steps",
    "model_region", "transforms",   "preset",          "transcript_id",
    "session_id",   "trace",        "debug",           "free_models_only",
    "no_reasoning", "stream_rescue"};

// The members read here.
enum Field : std::size_t {
  field_model,
  field_stream,
  field_stream_options,
  field_stream_format,
  field_user,
  field_messages,
  field_input,
  field_prompt,
  field_previous_response_id,
  field_conversation,
  field_post_processing_steps,
  field_plugins,
  field_response_format,
  field_n,
  fields_count,
};
constexpr std::array<std::string_view, fields_count> field_names = {"model",
                                                                    "stream",
                                                                    "stream_options",
                                                                    "stream_format",
                                                                    "user",
                                                                    "messages",
                                                                    "input",
                                                                    "prompt",
                                                                    "previous_response_id",
                                                                    "conversation",
                                                                    "post_processing_steps",
                                                                    "plugins",
                                                                    "response_format",
                                                                    "n"};

struct Fields {
  std::array<std::optional<Value>, fields_count> values;
  WishMembers wishes;

  // A member that is null counts as not given, as it does in OpenAI's API.
  [[nodiscard]] std::optional<Value> given(Field field) const {
    const std::optional<Value>& value = values[field];
    return value && !value->is_null() ? value : std::nullopt;
  }
};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool counts_usage_when_asked(Operation operation) {
  return operation == Operation::chat_completions || operation == Operation::completions;
}

ApiError type_wrong(Field field, std::string_view wanted, Value found) {
  return errors::field_type_wrong(field_names[field], wanted, json::to_string(found.kind()));
}

// One pass over the top: keeps what is read, marks what is taken out. A member given twice is
// refused whether it is read or not: which one the provider believes is not known, and rules of an
// operator's may have looked at the other.
std::expected<Fields, ApiError> collect_fields(Value top, json::ObjectEdit& edit) {
  Fields fields;
  MemberNames names;
  std::string unescaped;
  std::size_t removed = 0;
  for (const json::Member member : top.members()) {
    const std::string_view name = member.key.unescaped(unescaped);
    names.add(name, name.data() == unescaped.data());
    const auto known = std::find(field_names.begin(), field_names.end(), name);
    if (known != field_names.end()) {
      fields.values[static_cast<std::size_t>(known - field_names.begin())] = member.value;
    }
    if (name == "prompt_cache_key") fields.wishes.offer(name, member.value);
    if (is_one_of(name, gateway_only_fields)) {
      fields.wishes.offer(name, member.value);
      // One more than there are is given twice; each removal costs as many steps as those before.
      if (removed++ < gateway_only_fields.size()) edit.remove(member);
    }
  }
  if (const auto twice = names.duplicate()) {
    return std::unexpected(errors::field_duplicate(*twice));
  }
  return fields;
}

Checked read_model_name(std::string_view name, Request& request) {
  if (name.empty()) return std::unexpected(errors::field_empty("model"));
  if (name.size() > model_bytes_max) {
    return std::unexpected(
        errors::field_invalid("model",
                              "The model name is too long: no model has a name of more "
                              "than 512 bytes. GET /v1/models lists the models."));
  }
  request.model = name;
  return {};
}

Checked read_model(const Fields& fields, Value top, Request& request) {
  const std::optional<Value> value = fields.given(field_model);
  if (!value) {
    // Where the member is put on the way; or over a null.
    request.model_span = fields.values[field_model] ? fields.values[field_model]->span()
                                                    : json::Span{top.span().offset + 1, 0};
    if (const std::optional<Value> first = fields.wishes.first_model()) {
      return read_model_name(*first->string(), request);
    }
    if (request.operation != Operation::moderations) {
      return std::unexpected(
          errors::field_missing("model", "Name the model to use; GET /v1/models lists them."));
    }
    request.model = default_moderation_model;
    return {};
  }
  if (!value->is(Kind::string)) {
    return std::unexpected(type_wrong(field_model, "a string", *value));
  }
  request.model_span = value->span();
  return read_model_name(*value->string(), request);
}

Checked read_stream(const Fields& fields, const Endpoint& endpoint, Request& request) {
  if (endpoint.streaming != Streaming::by_field) return {};
  if (endpoint.operation == Operation::audio_speech) {
    // Speech streams plain audio unless events are asked for.
    const std::optional<Value> format = fields.given(field_stream_format);
    request.stream = format && format->string_equals("sse");
    return {};
  }
  const std::optional<Value> value = fields.given(field_stream);
  if (!value) return {};
  const std::optional<bool> stream = value->boolean();
  if (!stream) return std::unexpected(type_wrong(field_stream, "a boolean", *value));
  request.stream = *stream;
  return {};
}

Checked read_stream_options(const Fields& fields, json::ObjectEdit& edit, Request& request) {
  const std::optional<Value> options = fields.given(field_stream_options);
  if (options && !options->is(Kind::object)) {
    return std::unexpected(type_wrong(field_stream_options, "an object", *options));
  }
  if (options && !request.stream) {
    return std::unexpected(errors::field_invalid(
        "stream_options",
        "stream_options may only be given when stream is true: set \"stream\":true or leave "
        "stream_options out."));
  }
  if (!counts_usage_when_asked(request.operation) || !request.stream) return {};

  json::Lookup include_usage;
  if (options) include_usage = options->find_unique("include_usage");
  if (include_usage.duplicate) {
    return std::unexpected(errors::field_duplicate("stream_options.include_usage"));
  }
  if (include_usage.value && !include_usage.value->is_null()) {
    const std::optional<bool> asked = include_usage.value->boolean();
    if (!asked) {
      return std::unexpected(
          errors::field_type_wrong("stream_options.include_usage", "a boolean",
                                   json::to_string(include_usage.value->kind())));
    }
    request.usage_shown = *asked;
  }
  if (!request.usage_shown) {
    request.usage_added = true;
    add_include_usage(fields.values[field_stream_options], include_usage.value, edit,
                      request.edits);
  }
  return {};
}

Checked read_user(const Fields& fields, Request& request) {
  const std::optional<Value> user = fields.given(field_user);
  if (!user) return {};
  if (!user->is(Kind::string)) return std::unexpected(type_wrong(field_user, "a string", *user));
  request.user = *user->string();
  return {};
}

// Steps after the answer: {"type":"json-repair"} mends texts and arguments of tool calls; the
// plugin
// {"id":"response-healing"} mends a text that was asked for as JSON. Other plugins are other
// gateways', and are left alone.
Checked read_repair(const Fields& fields, Request& request) {
  if (request.operation != Operation::chat_completions) return {};
  if (const std::optional<Value> steps = fields.given(field_post_processing_steps)) {
    if (!steps->is(Kind::array)) {
      return std::unexpected(type_wrong(field_post_processing_steps, "an array", *steps));
    }
    for (const Value step : steps->elements()) {
      const std::optional<Value> type = step.find("type");
      if (!type || !type->string_equals("json-repair")) {
        return std::unexpected(errors::field_invalid(
            "post_processing_steps", "post_processing_steps knows one type: json-repair."));
      }
      request.repair = {.text = true, .arguments = true};
    }
  }
  const std::optional<Value> plugins = fields.given(field_plugins);
  const std::optional<Value> format = fields.given(field_response_format);
  const std::optional<Value> type = format ? format->find("type") : std::nullopt;
  if (!plugins || !type || type->string_equals("text")) return {};
  for (const Value plugin : plugins->elements()) {
    const std::optional<Value> id = plugin.find("id");
    if (id && id->string_equals("response-healing")) request.repair.text = true;
  }
  return {};
}

Checked read_wishes(const Fields& fields, Request& request) {
  if (auto refused = fields.wishes.read(request)) return std::unexpected(std::move(*refused));
  return {};
}

// The member that says what to work on, where the operation makes no sense without.
Checked check_input(const Fields& fields, Operation operation) {
  if (operation == Operation::chat_completions) {
    const std::optional<Value>& messages = fields.values[field_messages];
    if (!messages) {
      return std::unexpected(
          errors::field_missing("messages",
                                "Give the conversation as an array of messages, such as "
                                "[{\"role\":\"user\",\"content\":\"Hello\"}]."));
    }
    if (!messages->is(Kind::array)) {
      return std::unexpected(type_wrong(field_messages, "an array", *messages));
    }
    return {};
  }
  const bool other_input = operation == Operation::responses &&
                           (fields.given(field_prompt) || fields.given(field_conversation) ||
                            fields.given(field_previous_response_id));
  const bool needs_input = operation == Operation::embeddings ||
                           operation == Operation::moderations ||
                           (operation == Operation::responses && !other_input);
  if (!needs_input) return {};
  const std::optional<Value>& input = fields.values[field_input];
  if (!input) {
    return std::unexpected(
        errors::field_missing("input", "Give the text to work on as a string or an array."));
  }
  const bool fits = input->is(Kind::string) || input->is(Kind::array) ||
                    (operation == Operation::moderations && input->is(Kind::object));
  if (!fits) return std::unexpected(type_wrong(field_input, "a string or an array", *input));
  return {};
}

std::expected<Request, ApiError> read_object(const Endpoint& endpoint, Value top) {
  Request request;
  request.operation = endpoint.operation;
  request.body = BodyForm::json;
  json::ObjectEdit edit(top);
  const std::expected<Fields, ApiError> fields = collect_fields(top, edit);
  if (!fields) return std::unexpected(fields.error());
  const std::optional<Value>& prompt = fields->values[field_prompt];
  request.may_have_several_choices =
      fields->values[field_n].has_value() || (prompt && prompt->is(Kind::array));
  Checked checked = read_model(*fields, top, request);
  if (checked) checked = read_stream(*fields, endpoint, request);
  if (checked) checked = read_stream_options(*fields, edit, request);
  if (checked) checked = read_user(*fields, request);
  if (checked) checked = read_repair(*fields, request);
  if (checked) checked = read_wishes(*fields, request);
  if (checked) checked = check_input(*fields, endpoint.operation);
  if (!checked) return std::unexpected(std::move(checked.error()));
  edit.write_to(request.edits);
  return request;
}

}  // namespace

std::span<const std::string_view> openai_gateway_only_fields() noexcept {
  return gateway_only_fields;
}

std::expected<Request, ApiError> understand_openai_json(const Endpoint& endpoint,
                                                        std::string_view body, json::Index& index) {
  const auto built = index.build(body);
  if (!built) return std::unexpected(errors::body_not_json(built.error(), index.limits()));
  const Value top = json::root(index);
  if (!top.is(Kind::object)) {
    return std::unexpected(errors::body_not_object(json::to_string(top.kind())));
  }
  auto request = read_object(endpoint, top);
  index.clear();  // the memory of a large one is not kept until the next
  return request;
}

std::expected<Request, ApiError> understand_openai_form(const Endpoint& endpoint,
                                                        std::string_view body,
                                                        std::span<const FormField> fields) {
  Request request;
  request.operation = endpoint.operation;
  request.body = BodyForm::multipart;
  bool model_seen = false;
  bool stream_seen = false;
  for (const FormField& field : fields) {
    if (field.is_file) continue;
    SLUICE_ASSERT(field.value.end() <= body.size());
    const std::string_view value = body.substr(field.value.offset, field.value.size_bytes);
    if (field.name == "model") {
      if (std::exchange(model_seen, true)) return std::unexpected(errors::field_duplicate("model"));
      const Checked checked = read_model_name(value, request);
      if (!checked) return std::unexpected(checked.error());
      request.model_span = field.value;
    } else if (field.name == "stream" && endpoint.streaming == Streaming::by_field) {
      if (std::exchange(stream_seen, true)) {
        return std::unexpected(errors::field_duplicate("stream"));
      }
      if (value != "true" && value != "false") {
        return std::unexpected(
            errors::field_invalid("stream", "The form field stream must be true or false."));
      }
      request.stream = value == "true";
    } else if (field.name == "user") {
      request.user = value;
    }
  }
  if (!model_seen) {
    return std::unexpected(errors::field_missing(
        "model", "Add a form field named model; GET /v1/models lists the models."));
  }
  return request;
}

Request understand_openai_bodiless(const Endpoint& endpoint) {
  Request request;
  request.operation = endpoint.operation;
  request.body = BodyForm::none;
  if (endpoint.streaming != Streaming::by_query) return request;
  std::string_view query = endpoint.query;
  while (!query.empty()) {
    query.remove_prefix(1);  // the question mark or an ampersand
    const std::size_t end = std::min(query.find('&'), query.size());
    if (query.substr(0, end) == "stream=true") request.stream = true;
    query.remove_prefix(end);
  }
  return request;
}

namespace {

// Whether the object still has members when the edits are made: all that a body says may be for us.
bool has_members(const json::Splice& edits, const Slice& body) {
  const SliceChain edited = edits.apply(body);
  bool inside = false;
  for (const Slice& part : edited) {
    for (const char byte : part.view()) {
      if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n') continue;
      if (inside) return byte != '}';
      inside = true;  // behind the object's brace
    }
  }
  return false;
}

}  // namespace

SliceChain openai_upstream_body(const Request& request, const Slice& body,
                                std::string_view upstream_model, const HostEdits* host) {
  json::Splice edits = (host == nullptr ? request.edits : host->edits).clone();
  // A body that does not name the model is told it, but where leaving it out means the same.
  const json::Span named_at = request.model_span;
  const bool named = request.body == BodyForm::multipart ||
                     (named_at.size_bytes != 0 && body.view()[named_at.offset] != 'n') ||
                     request.model == default_moderation_model;
  if (request.body == BodyForm::none || (named && request.model == upstream_model)) {
    return edits.apply(body);
  }
  if (request.body == BodyForm::multipart) {
    SLUICE_ASSERT(upstream_model.find_first_of("\r\n") == upstream_model.npos);
    edits.replace(request.model_span, Slice::copy_of(upstream_model));
  } else if (request.model_span.size_bytes == 0) {
    const std::string_view comma = has_members(edits, body) ? "," : "";
    edits.insert(request.model_span.offset,
                 Slice::take("\"model\":" + json::quote(upstream_model).append(comma)));
  } else {
    edits.replace(request.model_span, Slice::take(json::quote(upstream_model)));
  }
  return edits.apply(body);
}

}  // namespace sluice::llm
