#include "sluice/llm/anthropic_call.h"

#include <utility>

#include "anthropic_draft.h"
#include "sluice/llm/vertex_target.h"

namespace sluice::llm {
namespace {

// A conversation that ends with the assistant's words asks the model to go on with them.
void refuse_prefill(AnthropicDraft& draft, const Turns& turns) {
  const Turn& last = turns.turns.back();
  if (last.role != Role::assistant) return;
  for (const Part* part : last.parts) {
    if (!std::holds_alternative<ToolCall>(part->body)) continue;
    draft.refuse("messages",
                 "The last message calls tools, and their results are missing: send a result for "
                 "each call behind it.");
  }
  if (!draft.traits().takes_prefill) {
    draft.refuse("messages",
                 "This model does not go on with an assistant's message: let a user message be "
                 "the last one.");
  }
}

void write_output_config(const AnthropicOutput& output, const AnthropicThinking& thinking,
                         json::Writer& out) {
  if (output.schema.empty() && thinking.effort.empty()) return;
  out.key("output_config").begin_object();
  if (!thinking.effort.empty()) out.key("effort").string(thinking.effort);
  if (!output.schema.empty()) {
    out.key("format").begin_object().key("type").string("json_schema");
    out.key("schema").raw(output.schema).end_object();
  }
  out.end_object();
}

std::string target_of(const ChatRequest& request, const ChatTarget& target) {
  if (!target.on_vertex) return "/messages";
  return vertex_target(target.traits.publisher, target.upstream_model, request.stream);
}

}  // namespace

WrittenCall write_anthropic_call(const ChatRequest& request, const ChatTarget& target,
                                 json::Index& scratch) {
  AnthropicDraft draft{.request = request, .target = target, .scratch = scratch};
  auto turns = arrange_turns(request, {.system_inside = target.traits.takes_system_inside});
  if (!turns) return std::unexpected(turns.error());
  leave_out(*turns, [](const Part& part) {
    const auto* thought = std::get_if<ReasoningPart>(&part.body);
    return thought != nullptr && !is_replayed(*thought);
  });
  refuse_prefill(draft, *turns);
  refuse_or_drop(draft);
  const AnthropicOutput output = plan_output(draft);
  const AnthropicThinking thinking = plan_thinking(draft, *turns, output);
  const std::vector<const Tool*> tools = offered_tools(draft, output);
  note_marks(draft, tools, *turns);

  json::Writer out(draft.call.body);
  out.begin_object();
  if (target.on_vertex) {
    out.key("anthropic_version").string(vertex_anthropic_version);
  } else {
    out.key("model").string(target.upstream_model);
  }
  out.key("max_tokens").unsigned_integer(thinking.output_tokens_max);
  if (request.stream) out.key("stream").boolean(true);
  write_system(draft, *turns, output.instruction, out);
  write_messages(draft, *turns, out);
  write_tools(draft, tools, output, out);
  write_thinking(draft, thinking, out);
  write_output_config(output, thinking, out);
  write_sampling(draft, thinking, out);
  write_settings(draft, out);
  write_cache_control(draft.marks.of_request(), out);
  out.end_object();

  if (draft.error) return std::unexpected(std::move(*draft.error));
  draft.call.target = target_of(request, target);
  return std::move(draft.call);
}

}  // namespace sluice::llm
