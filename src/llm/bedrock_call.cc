#include "sluice/llm/bedrock_call.h"

#include "bedrock_writing.h"

namespace sluice::llm {
namespace {

std::string_view role_name(Role role) {
  return role == Role::assistant ? "assistant" : "user";  // the system's words stand apart
}

void write_messages(BedrockWriting& writing, const Turns& turns, json::Writer& out) {
  out.key("messages").begin_array();
  for (const Turn& turn : turns.turns) {
    // A mark of the request as a whole is one behind all of it.
    const bool last = &turn == &turns.turns.back();
    out.begin_object().key("role").string(role_name(turn.role)).key("content");
    write_bedrock_content(writing, turn, last ? writing.marks.of_request() : CacheMark::none, out);
    out.end_object();
  }
  out.end_array();
}

// Where the model says which stop sequence was met: in its own fields, if they are asked for.
void write_wanted_fields(const BedrockWriting& writing, json::Writer& out) {
  if (writing.maker != BedrockMaker::anthropic || writing.request.stop.empty()) return;
  out.key("additionalModelResponseFieldPaths").begin_array();
  out.string(writing.request.stream ? "/delta/stop_sequence" : "/stop_sequence").end_array();
}

void refuse_prefill(BedrockWriting& writing, const Turns& turns) {
  if (writing.target.traits.takes_prefill || turns.turns.back().role != Role::assistant) return;
  writing.fail(errors::field_invalid(
      "messages",
      "This model does not go on with an assistant's message: let a user message be "
      "the last one."));
}

}  // namespace

WrittenCall write_bedrock_call(const ChatRequest& request, const ChatTarget& target,
                               json::Index& scratch) {
  BedrockWriting writing{.request = request,
                         .target = target,
                         .scratch = scratch,
                         .maker = bedrock_maker(target),
                         .tells_calls = tells_calls_in_words(request)};
  auto turns = arrange_turns(request, {.system_inside = false});
  if (!turns) return std::unexpected(turns.error());
  leave_out(*turns, [&writing](const Part& part) {
    const auto* thought = std::get_if<ReasoningPart>(&part.body);
    return thought != nullptr && !replays_reasoning(writing, *thought);
  });
  refuse_prefill(writing, *turns);
  refuse_or_drop(writing);
  const BedrockOutput output = plan_bedrock_output(writing);
  note_bedrock_marks(writing, *turns);
  const BedrockThinking thinking = plan_bedrock_thinking(writing, *turns, output);

  json::Writer out(writing.call.body);
  out.begin_object();
  write_messages(writing, *turns, out);
  write_bedrock_system(writing, turns->system, output.instruction, out);
  write_inference_config(writing, thinking, out);
  write_tool_config(writing, *turns, output, out);
  if (output.native) write_output_config(request.output, out);
  write_model_fields(writing, thinking, output, out);
  write_wanted_fields(writing, out);
  write_service_fields(writing, out);
  out.end_object();

  if (writing.error) return std::unexpected(std::move(*writing.error));
  writing.call.target = bedrock_target(target.upstream_model, request.stream);
  return std::move(writing.call);
}

}  // namespace sluice::llm
