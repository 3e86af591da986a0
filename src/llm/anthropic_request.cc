#include "sluice/llm/anthropic_request.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "anthropic_foreign_blocks.h"
#include "member_names.h"
#include "sluice/json/object_edit.h"
#include "wish_members.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t model_bytes_max = 512;

constexpr std::array<std::string_view, 17> gateway_only_fields = {"models",
                                                                  "fallback_config",
                                                                  "route",
                                                                  "provider",
                                                                  "routing",
                                                                  "plugins",
                                                                  "post_processing_steps",
                                                                  "preset",
                                                                  "free_models_only",
                                                                  "transforms",
                                                                  "transcript_id",
                                                                  "trace",
                                                                  "model_region",
                                                                  "session_id",
                                                                  "no_reasoning",
                                                                  "debug",
                                                                  "stream_rescue"};

// The members read here.
struct Fields {
  std::optional<Value> model;
  std::optional<Value> messages;
  std::optional<Value> stream;
  std::optional<Value> metadata;
  WishMembers wishes;
};

std::optional<Value>* place_of(std::string_view name, Fields& fields) {
  if (name == "model") return &fields.model;
  if (name == "messages") return &fields.messages;
  if (name == "stream") return &fields.stream;
  if (name == "metadata") return &fields.metadata;
  return nullptr;
}

// A member given twice is refused whether it is read or not: as in openai_request.cc.
std::expected<Fields, ApiError> collect_fields(Value top, json::ObjectEdit& edit) {
  Fields fields;
  MemberNames names;
  std::string unescaped;
  std::size_t removed = 0;
  for (const json::Member member : top.members()) {
    const std::string_view name = member.key.unescaped(unescaped);
    names.add(name, name.data() == unescaped.data());
    if (std::optional<Value>* place = place_of(name, fields)) {
      if (!member.value.is_null()) *place = member.value;
    }
    if (is_anthropic_gateway_only(name, member.value)) {
      fields.wishes.offer(name, member.value);
      // More than there are are given twice; each removal costs as many steps as those before.
      if (removed++ <= gateway_only_fields.size()) edit.remove(member);
    }
  }
  if (const auto twice = names.duplicate()) {
    return std::unexpected(errors::field_duplicate(*twice));
  }
  return fields;
}

ApiError type_wrong(std::string_view name, std::string_view wanted, Value found) {
  return errors::field_type_wrong(name, wanted, json::to_string(found.kind()));
}

std::optional<ApiError> read_model(std::optional<Value> model, Request& request) {
  if (!model) {
    return errors::field_missing("model", "Name the model to use; GET /v1/models lists them.");
  }
  if (!model->is(Kind::string)) return type_wrong("model", "a string", *model);
  request.model = *model->string();
  request.model_span = model->span();
  if (request.model.empty()) return errors::field_empty("model");
  if (request.model.size() > model_bytes_max) {
    return errors::field_invalid("model",
                                 "The model name is too long: no model has a name of more than "
                                 "512 bytes. GET /v1/models lists the models.");
  }
  return std::nullopt;
}

std::optional<ApiError> read_stream(std::optional<Value> value, const Endpoint& endpoint,
                                    Request& request) {
  if (!value || endpoint.streaming != Streaming::by_field) return std::nullopt;
  const std::optional<bool> stream = value->boolean();
  if (!stream) return type_wrong("stream", "a boolean", *value);
  request.stream = *stream;
  request.usage_shown = *stream;  // streams of this dialect always show it
  return std::nullopt;
}

std::optional<ApiError> read_user(std::optional<Value> metadata, Request& request) {
  if (!metadata) return std::nullopt;
  if (!metadata->is(Kind::object)) return type_wrong("metadata", "an object", *metadata);
  const std::optional<Value> user = metadata->find("user_id");
  if (!user || user->is_null()) return std::nullopt;
  if (!user->is(Kind::string)) return type_wrong("metadata.user_id", "a string", *user);
  request.user = *user->string();
  return std::nullopt;
}

std::optional<ApiError> check_messages(std::optional<Value> messages) {
  if (!messages) {
    return errors::field_missing("messages",
                                 "Give the conversation as an array of messages, such as "
                                 "[{\"role\":\"user\",\"content\":\"Hello\"}].");
  }
  if (!messages->is(Kind::array)) return type_wrong("messages", "an array", *messages);
  return std::nullopt;
}

std::expected<Request, ApiError> read_object(const Endpoint& endpoint, Value top) {
  Request request;
  request.operation = endpoint.operation;
  request.body = BodyForm::json;
  json::ObjectEdit edit(top);
  const std::expected<Fields, ApiError> fields = collect_fields(top, edit);
  if (!fields) return std::unexpected(fields.error());
  std::optional<ApiError> error = read_model(fields->model, request);
  if (!error) error = read_stream(fields->stream, endpoint, request);
  if (!error) error = read_user(fields->metadata, request);
  if (!error) error = fields->wishes.read(request);
  if (!error) error = check_messages(fields->messages);
  if (error) return std::unexpected(std::move(*error));
  edit.write_to(request.edits);
  take_out_foreign_blocks(*fields->messages, request.edits);
  return request;
}

}  // namespace

std::span<const std::string_view> anthropic_gateway_only_fields() noexcept {
  return gateway_only_fields;
}

bool is_anthropic_gateway_only(std::string_view name, Value value) noexcept {
  if (name == "fallbacks") return value.is(Kind::array);
  return std::ranges::find(gateway_only_fields, name) != gateway_only_fields.end();
}

std::expected<Request, ApiError> understand_anthropic_json(const Endpoint& endpoint,
                                                           std::string_view body,
                                                           json::Index& index) {
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

}  // namespace sluice::llm
