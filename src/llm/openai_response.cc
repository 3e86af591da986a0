#include "sluice/llm/openai_response.h"

#include <optional>
#include <string>
#include <utility>

#include "openai_members.h"
#include "sluice/json/writer.h"
#include "sluice/llm/openai_error.h"
#include "sluice/llm/openai_usage.h"

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
                                      std::string_view body, json::Index& index) {
  ResponseFacts facts;
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
    facts.error = read_openai_error_value(provider, *members.error);
    return facts;
  }
  if (!main.empty() && !members.has_main) return refuse("the answer lacks its main member");
  return facts;
}

// One pass and one insertion: this runs once per answer.
json::Splice tag_openai_answer(json::Value answer, std::string_view request_id,
                               std::string_view provider) {
  bool has_request_id = false;
  bool has_provider = false;
  std::optional<json::Value> last;
  std::string scratch;
  for (const json::Member member : answer.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "request_id") has_request_id = true;
    if (name == "provider") has_provider = true;
    last = member.value;
  }
  std::string added;
  added.reserve(64 + request_id.size() + provider.size());
  const auto add = [&](std::string_view name, std::string_view value) {
    if (last || !added.empty()) added += ',';
    added += name;
    json::append_quoted(added, value);
  };
  if (!has_request_id) add("\"request_id\":", request_id);
  if (!has_provider) add("\"provider\":", provider);
  json::Splice splice;
  if (added.empty()) return splice;
  splice.insert(last ? last->span().end() : answer.span().offset + 1,
                Slice::take(std::move(added)));
  return splice;
}

}  // namespace sluice::llm
