#include "responses_input.h"

#include <algorithm>

#include "legal_name.h"

namespace sluice::llm {
namespace {

using json::Text;

std::string plain(Text text) {
  std::string out;
  json::append_plain(out, text);
  return out;
}

ApiError cannot_take(std::string_view what, std::string_view advice) {
  return errors::field_invalid("messages", "This model's provider takes no " + std::string(what) +
                                               ". " + std::string(advice));
}

bool is_sealed_by_openai(const Part& part) {
  const auto* thought = std::get_if<ReasoningPart>(&part.body);
  return thought != nullptr && thought->origin == ReasoningOrigin::openai &&
         !thought->sealed.empty();
}

}  // namespace

std::optional<ApiError> ResponsesInput::write(const Turns& turns, std::string_view instruction) {
  writer_.begin_array();
  if (!turns.system.empty()) write_system(turns.system);
  if (!instruction.empty()) {
    const Part part{.body = TextPart{.text = {.bytes = instruction}}};
    write_system({&part});
  }
  for (const Turn& turn : turns.turns) {
    std::optional<ApiError> error;
    switch (turn.role) {
      case Role::system: write_system(turn.parts); break;
      case Role::user: error = write_user(turn); break;
      case Role::assistant: error = write_assistant(turn); break;
    }
    if (error) return error;
  }
  writer_.end_array();
  return std::nullopt;
}

void ResponsesInput::open_message(std::string_view role) {
  if (message_open_) return;
  message_open_ = true;
  writer_.begin_object();
  writer_.key("role").string(role);
  writer_.key("content").begin_array();
}

void ResponsesInput::close_message() {
  if (!message_open_) return;
  message_open_ = false;
  writer_.end_array();
  writer_.end_object();
}

void ResponsesInput::write_system(const std::vector<const Part*>& parts) {
  open_message("system");
  for (const Part* part : parts) {
    if (const auto* text = std::get_if<TextPart>(&part->body)) {
      writer_.begin_object();
      writer_.key("type").string("input_text");
      writer_.key("text").text(text->text);
      writer_.end_object();
    }
  }
  close_message();
}

std::optional<ApiError> ResponsesInput::write_user(const Turn& turn) {
  for (const Part* part : turn.parts) {
    std::optional<ApiError> error;
    if (const auto* result = std::get_if<ToolResult>(&part->body)) {
      close_message();
      error = write_result(*result);
    } else {
      open_message("user");
      error = write_part(*part);
    }
    if (error) return error;
  }
  close_message();
  return std::nullopt;
}

std::optional<ApiError> ResponsesInput::write_assistant(const Turn& turn) {
  for (std::size_t at = 0; at < turn.parts.size(); ++at) {
    const Part& part = *turn.parts[at];
    if (const auto* call = std::get_if<ToolCall>(&part.body)) {
      close_message();
      write_call(*call);
    } else if (std::holds_alternative<ReasoningPart>(part.body)) {
      close_message();
      write_thought(turn, at);
    } else if (std::holds_alternative<MediaPart>(part.body)) {
      return cannot_take("media in the assistant's messages", "Put it into a user message.");
    } else {
      open_message("assistant");
      write_said(part);
    }
  }
  close_message();
  return std::nullopt;
}

void ResponsesInput::write_said(const Part& part) {
  const auto* refusal = std::get_if<RefusalPart>(&part.body);
  const auto* text = std::get_if<TextPart>(&part.body);
  writer_.begin_object();
  writer_.key("type").string(refusal != nullptr ? "refusal" : "output_text");
  if (refusal != nullptr) writer_.key("refusal").text(refusal->text);
  if (text != nullptr) writer_.key("text").text(text->text);
  writer_.end_object();
}

// A run of thoughts up to the one that is sealed, `at` moved to the last one taken: its texts are
// the summary where they are of one id.
void ResponsesInput::write_thought(const Turn& turn, std::size_t& at) {
  const std::size_t first = at;
  const auto is_thought = [&](std::size_t place) {
    return place < turn.parts.size() &&
           std::holds_alternative<ReasoningPart>(turn.parts[place]->body);
  };
  while (!is_sealed_by_openai(*turn.parts[at]) && is_thought(at + 1)) ++at;
  const Part& last = *turn.parts[at];
  const bool leads_on = std::any_of(
      turn.parts.begin() + static_cast<std::ptrdiff_t>(at) + 1, turn.parts.end(),
      [](const Part* part) { return !std::holds_alternative<ReasoningPart>(part->body); });
  if (!is_sealed_by_openai(last) || !leads_on) return;
  const auto& sealed = std::get<ReasoningPart>(last.body);
  const std::string id = plain(sealed.id);
  writer_.begin_object();
  writer_.key("type").string("reasoning");
  if (!id.empty()) writer_.key("id").text(sealed.id);
  writer_.key("summary").begin_array();
  for (std::size_t place = first; place <= at; ++place) {
    const auto& thought = std::get<ReasoningPart>(turn.parts[place]->body);
    const bool is_of_it = place == at || (thought.origin == ReasoningOrigin::openai &&
                                          !id.empty() && thought.id.equals(id));
    if (thought.text.empty() || !is_of_it) continue;
    writer_.begin_object();
    writer_.key("type").string("summary_text");
    writer_.key("text").text(thought.text);
    writer_.end_object();
  }
  writer_.end_array();
  writer_.key("encrypted_content").text(sealed.sealed);
  writer_.end_object();
}

void ResponsesInput::write_call(const ToolCall& call) {
  if (call.is_custom) custom_calls_.insert(plain(call.id));
  writer_.begin_object();
  writer_.key("type").string(call.is_custom ? "custom_tool_call" : "function_call");
  writer_.key("call_id").text(call.id);
  writer_.key("name").string(legal_tool_name(call.name, openai_tool_name_bytes_max));
  const bool has_none = call.arguments.empty() && !call.is_custom;
  writer_.key(call.is_custom ? "input" : "arguments")
      .text(has_none ? Text{.bytes = "{}"} : call.arguments);
  writer_.end_object();
}

std::optional<ApiError> ResponsesInput::write_result(const ToolResult& result) {
  const auto children = request_.parts_of(result);
  const bool is_custom = custom_calls_.contains(plain(result.call_id));
  writer_.begin_object();
  writer_.key("type").string(is_custom ? "custom_tool_call_output" : "function_call_output");
  writer_.key("call_id").text(result.call_id);
  writer_.key("output");
  const bool is_text = children.size() == 1 && std::holds_alternative<TextPart>(children[0].body);
  if (children.empty() || is_text) {
    std::string text = result.is_error ? "Error: " : "";
    if (is_text && !result.is_error) {
      writer_.text(std::get<TextPart>(children[0].body).text);
    } else {
      if (is_text) json::append_plain(text, std::get<TextPart>(children[0].body).text);
      writer_.string(text);
    }
    writer_.end_object();
    return std::nullopt;
  }
  writer_.begin_array();
  if (result.is_error) {
    if (auto error = write_part({.body = TextPart{.text = {.bytes = "Error: "}}})) return error;
  }
  for (const Part& child : children) {
    if (auto error = write_part(child)) return error;
  }
  writer_.end_array();
  writer_.end_object();
  return std::nullopt;
}

std::optional<ApiError> ResponsesInput::write_part(const Part& part) {
  if (const auto* media = std::get_if<MediaPart>(&part.body)) return write_media(*media);
  const auto* text = std::get_if<TextPart>(&part.body);
  const auto* refusal = std::get_if<RefusalPart>(&part.body);
  if (text == nullptr && refusal == nullptr) return std::nullopt;
  writer_.begin_object();
  writer_.key("type").string("input_text");
  writer_.key("text").text(text != nullptr ? text->text : refusal->text);
  writer_.end_object();
  return std::nullopt;
}

std::optional<ApiError> ResponsesInput::write_media(const MediaPart& media) {
  if (media.kind == MediaKind::audio) {
    return cannot_take("audio", "Leave it out, or use a model that hears.");
  }
  if (media.source == MediaSource::file_id) {
    return cannot_take("files of another provider", "Send the file's content in its place.");
  }
  writer_.begin_object();
  if (media.source == MediaSource::text) {
    writer_.key("type").string("input_text");
    writer_.key("text").text(media.data);
  } else if (media.kind == MediaKind::image) {
    writer_.key("type").string("input_image");
    write_location("image_url", "image_url", media);
    if (!media.detail.empty()) writer_.key("detail").text(media.detail);
  } else {
    writer_.key("type").string("input_file");
    // OpenAI wants a name with data.
    const bool is_unnamed = media.name.empty() && media.source == MediaSource::base64;
    if (!media.name.empty() || is_unnamed) {
      writer_.key("filename").text(is_unnamed ? Text{.bytes = "document.pdf"} : media.name);
    }
    write_location("file_data", "file_url", media);
  }
  writer_.end_object();
  return std::nullopt;
}

void ResponsesInput::write_location(std::string_view member, std::string_view url_member,
                                    const MediaPart& media) {
  if (media.source == MediaSource::url) {
    writer_.key(url_member).text(media.data);
    return;
  }
  std::string url = "\"data:";
  const std::string_view usual = media.kind == MediaKind::image ? "image/png" : "application/pdf";
  json::append_escaped(url, media.media_type.empty() ? Text{.bytes = usual} : media.media_type);
  url += ";base64,";
  json::append_escaped(url, media.data);
  url += '"';
  writer_.key(member).raw(url);
}

}  // namespace sluice::llm
