// Images, documents and audio in a Gemini call.
#include <array>
#include <string>
#include <utility>

#include "gemini_draft.h"
#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using Known = std::pair<std::string_view, std::string_view>;

// What base64 of these formats begins with.
constexpr std::array<Known, 7> beginnings = {{{"iVBORw0KGgo", "image/png"},
                                              {"/9j/", "image/jpeg"},
                                              {"R0lGOD", "image/gif"},
                                              {"UklGR", "image/webp"},
                                              {"JVBERi", "application/pdf"},
                                              {"SUQz", "audio/mp3"},
                                              {"ZkxhQ", "audio/flac"}}};

constexpr std::array<Known, 14> endings = {{{".png", "image/png"},
                                            {".jpg", "image/jpeg"},
                                            {".jpeg", "image/jpeg"},
                                            {".gif", "image/gif"},
                                            {".webp", "image/webp"},
                                            {".heic", "image/heic"},
                                            {".pdf", "application/pdf"},
                                            {".txt", "text/plain"},
                                            {".md", "text/plain"},
                                            {".mp3", "audio/mp3"},
                                            {".wav", "audio/wav"},
                                            {".flac", "audio/flac"},
                                            {".mp4", "video/mp4"},
                                            {".webm", "video/webm"}}};

// Google insists on a type beside bytes.
std::string_view type_of_base64(const MediaPart& media) {
  if (media.kind == MediaKind::audio) return "audio/wav";
  for (const auto& [beginning, type] : beginnings) {
    if (media.data.bytes.starts_with(beginning)) return type;
  }
  return media.kind == MediaKind::document ? "application/pdf" : "image/jpeg";
}

std::string_view type_of_url(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  for (const auto& [ending, type] : endings) {
    if (url.ends_with(ending)) return type;
  }
  return {};
}

void write_inline(json::Text type, json::Text data, json::Writer& writer) {
  writer.key("inlineData").begin_object();
  writer.key("mimeType").text(type).key("data").text(data);
  writer.end_object();
}

void write_file(std::string_view url, json::Text type, json::Writer& writer) {
  writer.key("fileData").begin_object();
  const std::string_view known = type_of_url(url);
  if (!type.empty()) {
    writer.key("mimeType").text(type);
  } else if (!known.empty()) {
    writer.key("mimeType").string(known);
  }
  writer.key("fileUri").string(url);
  writer.end_object();
}

// data:image/png;base64,iVBOR...
Refusal write_data_url(std::string_view url, json::Writer& writer) {
  constexpr std::string_view coding = ";base64";
  const std::size_t comma = url.find(',');
  std::string_view type = url.substr(5, comma == url.npos ? url.npos : comma - 5);
  if (comma == url.npos || !type.ends_with(coding)) {
    return errors::field_invalid(
        "messages", "A data URL must be base64: \"data:image/png;base64,iVBORw0KGgo...\".");
  }
  type.remove_suffix(coding.size());
  write_inline({.bytes = type.empty() ? "text/plain" : type}, {.bytes = url.substr(comma + 1)},
               writer);
  return std::nullopt;
}

bool is_googles_file(std::string_view id) {
  return id.starts_with("https://generativelanguage.googleapis.com/") || id.starts_with("gs://");
}

}  // namespace

Refusal write_gemini_media(const MediaPart& media, json::Writer& writer) {
  std::string scratch;
  switch (media.source) {
    case MediaSource::base64: {
      const bool typed = !media.media_type.empty();
      write_inline(typed ? media.media_type : json::Text{.bytes = type_of_base64(media)},
                   media.data, writer);
      return std::nullopt;
    }
    case MediaSource::url: {
      const std::string_view url = media.data.plain(scratch);
      if (url.starts_with("data:")) return write_data_url(url, writer);
      write_file(url, media.media_type, writer);
      return std::nullopt;
    }
    case MediaSource::file_id: {
      const std::string_view id = media.data.plain(scratch);
      if (!is_googles_file(id)) {
        return errors::field_invalid(
            "messages", "The file \"" + quotable(id, 64) +
                            "\" is kept at another provider: send its content as a data URL, or "
                            "the address Google gave it.");
      }
      write_file(id, media.media_type, writer);
      return std::nullopt;
    }
    case MediaSource::text: writer.key("text").text(media.data); return std::nullopt;
  }
  __builtin_unreachable();
}

}  // namespace sluice::llm
