// The blocks of a Converse request's turns.
#include <algorithm>

#include "base64.h"
#include "bedrock_writing.h"

namespace sluice::llm {
namespace {

// Where a block must be and nobody said anything: Converse takes no empty text.
constexpr std::string_view nothing_said = ".";

void write_text_block(json::Text text, json::Writer& out) {
  out.begin_object().key("text").text(text).end_object();
}

void write_text_block(std::string_view text, json::Writer& out) {
  write_text_block(json::Text{.bytes = text}, out);
}

// The arguments as the object that Converse wants.
void write_input(BedrockWriting& writing, const ToolCall& call, json::Writer& out) {
  if (call.is_custom) {
    out.begin_object().key("input").text(call.arguments).end_object();
    return;
  }
  std::string scratch;
  const std::string_view arguments = call.arguments.plain(scratch);
  if (arguments.find_first_not_of(" \t\r\n") == arguments.npos) {
    out.begin_object().end_object();
  } else if (writing.scratch.build(arguments) &&
             json::root(writing.scratch).is(json::Kind::object)) {
    out.raw(json::root(writing.scratch).raw());
  } else {
    std::string name;
    writing.fail(errors::field_invalid(
        "messages", "The arguments of the tool call to \"" + quotable(call.name.plain(name), 64) +
                        "\" are no JSON object, which this model's provider needs: correct them, "
                        "or leave the call and its result out."));
    out.begin_object().end_object();
  }
}

void write_call(BedrockWriting& writing, const ToolCall& call, json::Writer& out) {
  out.begin_object().key("toolUse").begin_object();
  out.key("toolUseId").string(bedrock_call_id(writing.maker, call.id));
  out.key("name").string(bedrock_past_name(call.name));
  out.key("input");
  write_input(writing, call, out);
  out.end_object().end_object();
}

// A call in words, where nothing may be called.
void tell_call(const ToolCall& call, json::Writer& out) {
  std::string text = "[Call ";
  json::append_plain(text, call.id);
  text += " of the tool ";
  json::append_plain(text, call.name);
  text += ": ";
  json::append_plain(text, call.arguments);
  text += "]";
  write_text_block(json::Text{.bytes = text}, out);
}

bool is_media(const Part& part) { return std::holds_alternative<MediaPart>(part.body); }

void write_result(BedrockWriting& writing, const ToolResult& result, json::Writer& out) {
  out.begin_object().key("toolResult").begin_object();
  out.key("toolUseId").string(bedrock_call_id(writing.maker, result.call_id));
  out.key("content").begin_array();
  bool empty = true;
  for (const Part& part : writing.request.parts_of(result)) {
    if (const auto* text = std::get_if<TextPart>(&part.body); text && !text->text.empty()) {
      write_text_block(text->text, out);
      empty = false;
    } else if (is_media(part) && writing.target.traits.takes_media_in_results) {
      write_bedrock_media(writing, std::get<MediaPart>(part.body), out);
      empty = false;
    }
  }
  if (empty) write_text_block(nothing_said, out);
  out.end_array();
  if (result.is_error) out.key("status").string("error");
  out.end_object().end_object();
}

// Its media stand behind it, as they would in a turn of the user's own.
void tell_result(BedrockWriting& writing, const ToolResult& result, json::Writer& out) {
  std::string text = result.is_error ? "[Error of call " : "[Result of call ";
  json::append_plain(text, result.call_id);
  text += "]";
  for (const Part& part : writing.request.parts_of(result)) {
    const auto* said = std::get_if<TextPart>(&part.body);
    if (said == nullptr || said->text.empty()) continue;
    text += "\n\n";
    json::append_plain(text, said->text);
  }
  write_text_block(json::Text{.bytes = text}, out);
  if (!writing.target.traits.takes_media_in_results) return;  // they follow behind all results
  for (const Part& part : writing.request.parts_of(result)) {
    if (is_media(part)) write_bedrock_media(writing, std::get<MediaPart>(part.body), out);
  }
}

// Media of results that the model takes in the turn alone: behind all results.
void write_media_of_results(BedrockWriting& writing, const Turn& turn, json::Writer& out) {
  if (writing.target.traits.takes_media_in_results) return;
  for (const Part* part : turn.parts) {
    const auto* result = std::get_if<ToolResult>(&part->body);
    if (result == nullptr) continue;
    for (const Part& child : writing.request.parts_of(*result)) {
      if (is_media(child)) write_bedrock_media(writing, std::get<MediaPart>(child.body), out);
    }
  }
}

void write_reasoning(const ReasoningPart& part, json::Writer& out) {
  out.begin_object().key("reasoningContent").begin_object();
  if (!part.sealed.empty()) {
    std::string scratch;
    std::string bytes;
    append_base64(bytes, part.sealed.plain(scratch));
    out.key("redactedContent").string(bytes);
  } else {
    out.key("reasoningText").begin_object().key("text").text(part.text);
    out.key("signature").text(part.signature).end_object();
  }
  out.end_object().end_object();
}

bool is_document(const Part* part) {
  const auto* media = std::get_if<MediaPart>(&part->body);
  return media != nullptr && media->kind == MediaKind::document;
}

bool is_text(const Part* part) { return std::holds_alternative<TextPart>(part->body); }

// A mark anywhere in a result is one behind it: nothing inside may carry one.
CacheMark mark_of(const BedrockWriting& writing, const Part& part) {
  CacheMark mark = part.cache;
  if (const auto* result = std::get_if<ToolResult>(&part.body)) {
    for (const Part& child : writing.request.parts_of(*result)) mark = std::max(mark, child.cache);
  }
  return mark;
}

// False: nothing was written.
bool write_part(BedrockWriting& writing, const Part& part, Role role, json::Writer& out) {
  if (const auto* text = std::get_if<TextPart>(&part.body)) {
    write_text_block(text->text, out);
  } else if (const auto* refusal = std::get_if<RefusalPart>(&part.body)) {
    write_text_block(refusal->text, out);
  } else if (const auto* call = std::get_if<ToolCall>(&part.body)) {
    if (writing.tells_calls) {
      tell_call(*call, out);
    } else {
      write_call(writing, *call, out);
    }
  } else if (const auto* result = std::get_if<ToolResult>(&part.body)) {
    if (writing.tells_calls) {
      tell_result(writing, *result, out);
    } else {
      write_result(writing, *result, out);
    }
  } else if (const auto* reasoning = std::get_if<ReasoningPart>(&part.body)) {
    if (!replays_reasoning(writing, *reasoning)) return false;
    write_reasoning(*reasoning, out);
  } else if (const auto* media = std::get_if<MediaPart>(&part.body)) {
    if (role == Role::assistant) {
      writing.fail(errors::field_invalid(
          "messages",
          "An assistant's message may hold no images, documents or audio for this "
          "model: put them into a user message."));
    }
    write_bedrock_media(writing, *media, out);
  }
  return true;
}

}  // namespace

bool replays_reasoning(const BedrockWriting& writing, const ReasoningPart& part) {
  const bool is_proven = !part.sealed.empty() || !part.signature.empty();
  return writing.maker == BedrockMaker::anthropic && is_proven &&
         part.origin == ReasoningOrigin::anthropic;
}

void note_bedrock_marks(BedrockWriting& writing, const Turns& turns) {
  // Amazon's own models take them in the system's words and in messages alone.
  const bool of_tools = writing.maker == BedrockMaker::anthropic;
  bool lost = false;
  const auto note = [&](const void* marked, CacheMark mark, bool taken) {
    if (taken) writing.marks.add(marked, mark);
    lost = lost || (!taken && mark != CacheMark::none);
  };
  for (const Tool& tool : writing.request.tools) note(&tool, tool.cache, of_tools);
  const bool taken = writing.takes_cache_points();
  for (const Part* part : turns.system) note(part, part->cache, taken);
  for (const Turn& turn : turns.turns) {
    for (const Part* part : turn.parts) note(part, mark_of(writing, *part), taken);
  }
  const CacheMark of_request = writing.request.cache;
  const bool all_fit = writing.marks.choose(taken ? of_request : CacheMark::none);
  if (lost || !all_fit || (!taken && of_request != CacheMark::none)) writing.drop("cache_control");
}

void write_cache_point(const BedrockWriting& writing, CacheMark mark, json::Writer& out) {
  if (mark == CacheMark::none) return;
  out.begin_object().key("cachePoint").begin_object().key("type").string("default");
  if (mark == CacheMark::one_hour && writing.maker == BedrockMaker::anthropic) {
    out.key("ttl").string("1h");
  }
  out.end_object().end_object();
}

void write_bedrock_content(BedrockWriting& writing, const Turn& turn, CacheMark mark,
                           json::Writer& out) {
  out.begin_array();
  bool empty = true;
  CacheMark last_mark = CacheMark::none;
  for (const Part* part : turn.parts) {
    if (!write_part(writing, *part, turn.role, out)) continue;
    empty = false;
    last_mark = writing.marks.kept(part);
    write_cache_point(writing, last_mark, out);
  }
  write_media_of_results(writing, turn, out);
  // A turn of foreign thoughts alone; and a document must have a text beside it.
  const bool lacks_text =
      std::ranges::any_of(turn.parts, is_document) && std::ranges::none_of(turn.parts, is_text);
  if (empty || lacks_text) write_text_block(nothing_said, out);
  if (last_mark == CacheMark::none) write_cache_point(writing, mark, out);
  out.end_array();
}

void write_bedrock_system(BedrockWriting& writing, const std::vector<const Part*>& system,
                          std::string_view instruction, json::Writer& out) {
  if (system.empty() && instruction.empty()) return;
  out.key("system").begin_array();
  for (const Part* part : system) {
    write_text_block(std::get<TextPart>(part->body).text, out);
    write_cache_point(writing, writing.marks.kept(part), out);
  }
  if (!instruction.empty()) write_text_block(instruction, out);
  out.end_array();
}

}  // namespace sluice::llm
