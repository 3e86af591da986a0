#include "sluice/llm/openai_response.h"

#include "openai_members.h"
#include "sluice/llm/openai_usage.h"
#include "sluice/llm/provider_error.h"

namespace sluice::llm {
namespace {

// The member without which an answer of the operation is none; empty where nothing is sure.
std::string_view main_member(Operation operation) noexcept {
  switch (operation) {
    case Operation::chat_completions:
    case Operation::completions: return "choices";
    case Operation::embeddings:
    case Operation::images_generations:
    case Operation::images_edits:
    case Operation::responses_input_items: return "data";
    case Operation::moderations: return "results";
    case Operation::responses:
    case Operation::responses_retrieve:
    case Operation::responses_cancel: return "id";
    case Operation::audio_transcriptions:
    case Operation::audio_translations: return "text";
    case Operation::responses_delete:
    case Operation::responses_input_tokens:
    case Operation::audio_speech:
    case Operation::messages:
    case Operation::messages_count_tokens:
    case Operation::models:
    case Operation::model: return {};
  }
  __builtin_unreachable();
}

// A response object always has an `error` member, and one that failed is an answer all the same.
bool is_response(const OpenaiMembers& members) noexcept {
  return members.object && members.object->string_equals("response");
}

}  // namespace

ResponseFacts inspect_openai_response(Operation operation, std::string_view provider,
                                      std::string_view body, json::Index& index,
                                      AnswerShapes& shapes) {
  ResponseFacts facts;
  const AnswerShapes::Key key{.operation = operation, .form = AnswerShapes::Form::whole};
  if (const auto match = shapes.find(key, {}, body)) {
    facts.usage = match->usage;
    facts.tag_place = match->shape->facts.tag_place;
    return facts;
  }
  const auto refuse = [&](std::string_view reason) {
    facts.error = errors::upstream_malformed(provider, reason);
    return facts;
  };
  const auto built = index.build(body);
  if (!built) {
    return refuse(built.error().defect == json::Defect::empty ? "the answer is empty"
                                                              : "the answer is not valid JSON");
  }
  const json::Value top = json::root(index);
  if (!top.is(json::Kind::object)) return refuse("the answer is not a JSON object");
  const std::string_view main = main_member(operation);
  const OpenaiMembers members = read_openai_members(top, main);
  facts.usage = find_openai_usage(members);
  if (members.error && !members.error->is_null() && !is_response(members)) {
    facts.error = read_provider_error_value(provider, *members.error);
    return facts;
  }
  if (!main.empty() && !members.has_main) return refuse("the answer lacks its main member");
  facts.tag_place = find_tag_place(top);
  // Of the places that usage may stand in this one alone is learned.
  const bool usage_at_top = members.usage && members.usage->is(json::Kind::object) &&
                            parse_openai_usage(*members.usage).known();
  if (usage_at_top || !facts.usage.known()) {
    (void)shapes.learn(key, {}, body, top, members.usage,
                       {.tag_place = facts.tag_place, .usage = facts.usage});
  }
  return facts;
}

}  // namespace sluice::llm
