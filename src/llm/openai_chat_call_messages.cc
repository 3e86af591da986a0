#include "openai_chat_call_messages.h"

#include <algorithm>

#include "legal_name.h"

namespace sluice::llm {
namespace {

const MediaPart* media_of(const Part& part) noexcept { return std::get_if<MediaPart>(&part.body); }

const TextPart* text_of(const Part& part) noexcept { return std::get_if<TextPart>(&part.body); }

ApiError media_unknown(std::string message) {
  return errors::field_invalid("messages", std::move(message));
}

std::string plain(json::Text text) {
  std::string scratch;
  return std::string(text.plain(scratch));
}

}  // namespace

std::optional<ApiError> OpenaiChatMessages::write(const Turns& turns,
                                                  std::string_view instruction) {
  writer_.begin_array();
  if (!turns.system.empty() || !instruction.empty()) write_system(turns.system, instruction);
  for (const Turn& turn : turns.turns) {
    const bool is_begun_answer = request_.goes_on && &turn == &turns.turns.back();
    switch (turn.role) {
      case Role::system: write_system(turn.parts, {}); break;
      case Role::assistant: write_assistant(turn, is_begun_answer); break;
      case Role::user:
        if (auto error = write_user(turn)) return error;
        break;
    }
  }
  writer_.end_array();
  return std::nullopt;
}

void OpenaiChatMessages::begin_string() {
  writer_.raw("");  // with the comma it may need
  out_ += '"';
}

void OpenaiChatMessages::write_system(const std::vector<const Part*>& parts,
                                      std::string_view instruction) {
  writer_.begin_object();
  writer_.key("role").string("system");
  writer_.key("content");
  begin_string();
  bool first = true;
  const auto add = [&](json::Text text) {
    if (text.empty()) return;
    if (!first) out_ += "\\n\\n";
    first = false;
    json::append_escaped(out_, text);
  };
  for (const Part* part : parts) {
    if (const TextPart* text = text_of(*part)) add(text->text);
  }
  add({.bytes = instruction});
  end_string();
  writer_.end_object();
}

std::optional<ApiError> OpenaiChatMessages::write_user(const Turn& turn) {
  std::vector<const Part*> rest;
  for (const Part* part : turn.parts) {
    if (const auto* result = std::get_if<ToolResult>(&part->body)) {
      write_result(*result);
    } else {
      rest.push_back(part);
    }
  }
  const std::vector<Moved> moved = std::exchange(moved_, {});
  if (moved.empty() && rest.empty()) return std::nullopt;
  writer_.begin_object();
  writer_.key("role").string("user");
  writer_.key("content");
  // Some hosts know no parts: a text alone is written as they know it.
  const TextPart* const alone =
      moved.empty() && rest.size() == 1 ? text_of(*rest.front()) : nullptr;
  if (alone != nullptr) {
    writer_.text(alone->text);
  } else {
    writer_.begin_array();
    for (const auto& [label, media] : moved) {
      write_text_part({.bytes = label});
      if (auto error = write_media(*media)) return error;
    }
    for (const Part* part : rest) {
      if (auto error = write_user_part(*part)) return error;
    }
    writer_.end_array();
  }
  writer_.end_object();
  return std::nullopt;
}

void OpenaiChatMessages::write_result(const ToolResult& result) {
  writer_.begin_object();
  writer_.key("role").string("tool");
  writer_.key("tool_call_id").text(result.call_id);
  writer_.key("content");
  begin_string();
  if (result.is_error) out_ += "Error: ";
  bool first = true;
  for (const Part& child : request_.parts_of(result)) {
    if (const MediaPart* media = media_of(child)) {
      moved_.push_back(
          {.label = "From the result of tool call " + plain(result.call_id) + ":", .media = media});
    } else if (const TextPart* text = text_of(child); text != nullptr && !text->text.empty()) {
      if (!first) out_ += "\\n\\n";
      first = false;
      json::append_escaped(out_, text->text);
    }
  }
  end_string();
  writer_.end_object();
}

std::optional<ApiError> OpenaiChatMessages::write_user_part(const Part& part) {
  if (const MediaPart* media = media_of(part)) return write_media(*media);
  if (const TextPart* text = text_of(part)) write_text_part(text->text);
  return std::nullopt;
}

void OpenaiChatMessages::write_text_part(json::Text text) {
  writer_.begin_object();
  writer_.key("type").string("text");
  writer_.key("text").text(text);
  writer_.end_object();
}

std::optional<ApiError> OpenaiChatMessages::write_media(const MediaPart& media) {
  if (media.source == MediaSource::file_id) {
    return media_unknown(
        "A file_id names a file that another provider keeps: send the file itself, or its URL.");
  }
  switch (media.kind) {
    case MediaKind::image: write_image(media); return std::nullopt;
    case MediaKind::document: return write_document(media);
    case MediaKind::audio: return write_audio(media);
  }
  __builtin_unreachable();
}

void OpenaiChatMessages::write_image(const MediaPart& media) {
  writer_.begin_object();
  writer_.key("type").string("image_url");
  writer_.key("image_url").begin_object();
  writer_.key("url");
  begin_string();
  if (media.source == MediaSource::base64) {
    out_ += "data:";
    json::append_escaped(out_, media.media_type);
    out_ += ";base64,";
  }
  json::append_escaped(out_, media.data);
  end_string();
  if (!media.detail.empty()) writer_.key("detail").text(media.detail);
  writer_.end_object();
  writer_.end_object();
}

std::optional<ApiError> OpenaiChatMessages::write_document(const MediaPart& media) {
  if (media.source == MediaSource::url) {
    return media_unknown(
        "The model's provider fetches no documents by their URL: send the document as base64.");
  }
  if (media.source == MediaSource::text) {
    writer_.begin_object();
    writer_.key("type").string("text");
    writer_.key("text");
    begin_string();
    json::append_escaped(out_, media.name);
    if (!media.name.empty()) out_ += "\\n\\n";
    json::append_escaped(out_, media.data);
    end_string();
    writer_.end_object();
    return std::nullopt;
  }
  writer_.begin_object();
  writer_.key("type").string("file");
  writer_.key("file").begin_object();
  writer_.key("filename");
  if (media.name.empty()) {
    writer_.string("document.pdf");  // it must have one
  } else {
    writer_.text(media.name);
  }
  writer_.key("file_data");
  begin_string();
  out_ += "data:";
  json::append_escaped(out_, media.media_type);
  out_ += ";base64,";
  json::append_escaped(out_, media.data);
  end_string();
  writer_.end_object();
  writer_.end_object();
  return std::nullopt;
}

std::optional<ApiError> OpenaiChatMessages::write_audio(const MediaPart& media) {
  std::string_view format;
  for (const std::string_view type : {"audio/wav", "audio/x-wav", "audio/wave"}) {
    if (media.media_type.equals(type)) format = "wav";
  }
  for (const std::string_view type : {"audio/mp3", "audio/mpeg"}) {
    if (media.media_type.equals(type)) format = "mp3";
  }
  if (media.source != MediaSource::base64 || format.empty()) {
    return media_unknown("The model's provider takes audio as base64 of WAV or MP3 alone.");
  }
  writer_.begin_object();
  writer_.key("type").string("input_audio");
  writer_.key("input_audio").begin_object();
  writer_.key("data").text(media.data);
  writer_.key("format").string(format);
  writer_.end_object();
  writer_.end_object();
  return std::nullopt;
}

void OpenaiChatMessages::write_assistant(const Turn& turn, bool is_begun_answer) {
  std::vector<json::Text> texts;
  std::vector<const ToolCall*> calls;
  for (const Part* part : turn.parts) {
    if (const TextPart* text = text_of(*part)) texts.push_back(text->text);
    if (const auto* refusal = std::get_if<RefusalPart>(&part->body)) texts.push_back(refusal->text);
    if (const auto* call = std::get_if<ToolCall>(&part->body)) calls.push_back(call);
    if (const MediaPart* media = media_of(*part)) {
      moved_.push_back({.label = "From the assistant's answer:", .media = media});
    }
  }
  writer_.begin_object();
  writer_.key("role").string("assistant");
  writer_.key("content");
  if (texts.empty() && !calls.empty()) {
    writer_.null();
  } else {
    begin_string();
    for (const json::Text text : texts) json::append_escaped(out_, text);
    end_string();
  }
  write_thoughts(turn);
  if (!calls.empty()) {
    writer_.key("tool_calls").begin_array();
    for (const ToolCall* call : calls) write_call(*call);
    writer_.end_array();
  }
  if (is_begun_answer && traits_.prefill == Prefill::prefix) writer_.key("prefix").boolean(true);
  if (is_begun_answer && traits_.prefill == Prefill::partial) writer_.key("partial").boolean(true);
  writer_.end_object();
}

void OpenaiChatMessages::write_thoughts(const Turn& turn) {
  // OpenAI's own take none here.
  if (traits_.thinking == ThinkingControl::effort && !traits_.wants_thoughts) return;
  std::vector<const ReasoningPart*> thoughts;
  bool proved = false;
  for (const Part* part : turn.parts) {
    const auto* thought = std::get_if<ReasoningPart>(&part->body);
    if (thought == nullptr || thought->origin != ReasoningOrigin::unknown) continue;
    thoughts.push_back(thought);
    proved = proved || !thought->signature.empty() || !thought->sealed.empty();
  }
  if (thoughts.empty()) return;
  if (!proved) {
    writer_.key("reasoning_content");
    begin_string();
    for (const ReasoningPart* thought : thoughts) json::append_escaped(out_, thought->text);
    end_string();
    return;
  }
  writer_.key("reasoning_details").begin_array();
  for (const ReasoningPart* thought : thoughts) {
    writer_.begin_object();
    const bool sealed = !thought->sealed.empty();
    writer_.key("type").string(sealed ? "reasoning.encrypted" : "reasoning.text");
    writer_.key(sealed ? "data" : "text").text(sealed ? thought->sealed : thought->text);
    if (!thought->signature.empty()) writer_.key("signature").text(thought->signature);
    if (!thought->id.empty()) writer_.key("id").text(thought->id);
    writer_.end_object();
  }
  writer_.end_array();
}

void OpenaiChatMessages::write_call(const ToolCall& call) {
  writer_.begin_object();
  writer_.key("id").text(call.id);
  const bool custom = call.is_custom && traits_.takes_custom_tools;
  const std::string_view kind = custom ? "custom" : "function";
  writer_.key("type").string(kind);
  writer_.key(kind).begin_object();
  writer_.key("name").string(legal_tool_name(call.name, openai_tool_name_bytes_max));
  writer_.key(custom ? "input" : "arguments");
  if (call.is_custom && !custom) {
    std::string wrapped = R"({"input":")";
    json::append_escaped(wrapped, call.arguments);
    writer_.string(wrapped + "\"}");
  } else if (call.arguments.empty() && !custom) {
    writer_.string("{}");
  } else {
    writer_.text(call.arguments);
  }
  writer_.end_object();
  writer_.end_object();
}

}  // namespace sluice::llm
