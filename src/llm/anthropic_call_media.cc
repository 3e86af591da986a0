// Images and documents of a Messages request.
#include <algorithm>
#include <array>
#include <utility>

#include "anthropic_draft.h"
#include "base64.h"
#include "sluice/json/utf8.h"

namespace sluice::llm {
namespace {

constexpr std::array<std::string_view, 4> image_types = {"image/png", "image/jpeg", "image/gif",
                                                         "image/webp"};

// How the base64 of a file of that type begins.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> beginnings = {
    {{"iVBORw0KGgo", "image/png"},
     {"/9j/", "image/jpeg"},
     {"R0lGOD", "image/gif"},
     {"UklGR", "image/webp"},
     {"JVBERi", "application/pdf"}}};

// The type that is said, in lower case and without its parameters; else what the data looks like.
std::string media_type_of(const MediaPart& part) {
  std::string scratch;
  std::string type(part.media_type.plain(scratch));
  type = type.substr(0, type.find(';'));
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (type == "image/jpg") return "image/jpeg";
  if (!type.empty() && type != "application/octet-stream") return type;
  const std::string_view data = part.data.bytes;
  for (const auto& [beginning, known] : beginnings) {
    if (data.starts_with(beginning)) return std::string(known);
  }
  return type;
}

bool is_image_type(std::string_view type) {
  return std::ranges::find(image_types, type) != image_types.end();
}

bool is_text_type(std::string_view type) {
  return type.starts_with("text/") || type == "application/json" || type == "application/xml";
}

void write_text_source(json::Text text, json::Writer& out) {
  out.begin_object().key("type").string("text").key("media_type").string("text/plain");
  out.key("data").text(text).end_object();
}

void write_base64_source(AnthropicDraft& draft, const MediaPart& part, json::Writer& out) {
  const std::string type = media_type_of(part);
  const bool is_image = part.kind == MediaKind::image;
  if (!is_image && is_text_type(type)) {
    std::string scratch;
    const auto text = decode_base64(part.data.plain(scratch));
    if (text && json::is_utf8(*text)) return write_text_source({.bytes = *text}, out);
  }
  if (is_image && !is_image_type(type)) {
    draft.refuse("messages",
                 "An image must be PNG, JPEG, GIF or WebP for this model: say so in "
                 "its media type (data:image/png;base64,...).");
  }
  if (!is_image && type != "application/pdf") {
    draft.refuse("messages",
                 "A document must be PDF or text in UTF-8 for this model: say so in "
                 "its media type (data:application/pdf;base64,...).");
  }
  out.begin_object().key("type").string("base64").key("media_type").string(type);
  out.key("data").text(part.data).end_object();
}

void write_url_source(AnthropicDraft& draft, const MediaPart& part, json::Writer& out) {
  std::string scratch;
  const std::string_view url = part.data.plain(scratch);
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    draft.refuse("messages",
                 "This model's provider fetches images and documents from http:// and "
                 "https:// addresses alone: give one, or send the data itself "
                 "(data:...;base64,...).");
  }
  out.begin_object().key("type").string("url").key("url").text(part.data).end_object();
}

// Ids of Anthropic's own begin with file_, OpenAI's with file-.
void write_file_source(AnthropicDraft& draft, const MediaPart& part, json::Writer& out) {
  std::string scratch;
  if (!part.data.plain(scratch).starts_with("file_")) {
    draft.refuse("messages",
                 "A file id is of use to the provider alone that keeps the file: send "
                 "the file as a data URL (data:...;base64,...).");
  }
  out.begin_object().key("type").string("file").key("file_id").text(part.data).end_object();
}

void write_source(AnthropicDraft& draft, const MediaPart& part, json::Writer& out) {
  switch (part.source) {
    case MediaSource::base64: return write_base64_source(draft, part, out);
    case MediaSource::url: return write_url_source(draft, part, out);
    case MediaSource::file_id: return write_file_source(draft, part, out);
    case MediaSource::text: return write_text_source(part.data, out);
  }
}

}  // namespace

void write_media(AnthropicDraft& draft, const Part& part, json::Writer& out) {
  const auto& media = std::get<MediaPart>(part.body);
  if (media.kind == MediaKind::audio) {
    draft.refuse("messages", "This model takes no audio: send text, or use another model.");
  }
  const bool is_image = media.kind == MediaKind::image;
  out.begin_object().key("type").string(is_image ? "image" : "document").key("source");
  write_source(draft, media, out);
  if (!is_image && !media.name.empty()) out.key("title").text(media.name);
  write_cache_control(draft.marks.kept(&part), out);
  out.end_object();
}

}  // namespace sluice::llm
