// Images and documents of a Converse request.
#include <algorithm>
#include <array>
#include <utility>

#include "base64.h"
#include "bedrock_writing.h"

namespace sluice::llm {
namespace {

constexpr std::size_t document_name_bytes_max = 200;

using Format = std::pair<std::string_view, std::string_view>;  // media type, or a name's end

constexpr std::array<Format, 5> image_formats = {{{"image/png", "png"},
                                                  {"image/jpeg", "jpeg"},
                                                  {"image/jpg", "jpeg"},
                                                  {"image/gif", "gif"},
                                                  {"image/webp", "webp"}}};
constexpr std::array<Format, 5> image_names = {
    {{".png", "png"}, {".jpg", "jpeg"}, {".jpeg", "jpeg"}, {".gif", "gif"}, {".webp", "webp"}}};
constexpr std::array<Format, 10> document_formats = {
    {{"application/pdf", "pdf"},
     {"text/csv", "csv"},
     {"application/msword", "doc"},
     {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
     {"application/vnd.ms-excel", "xls"},
     {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
     {"text/html", "html"},
     {"text/plain", "txt"},
     {"text/markdown", "md"},
     {"text/x-markdown", "md"}}};
constexpr std::array<Format, 10> document_names = {{{".pdf", "pdf"},
                                                    {".csv", "csv"},
                                                    {".doc", "doc"},
                                                    {".docx", "docx"},
                                                    {".xls", "xls"},
                                                    {".xlsx", "xlsx"},
                                                    {".html", "html"},
                                                    {".htm", "html"},
                                                    {".txt", "txt"},
                                                    {".md", "md"}}};

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// By the media type, else by the end of the name or address; empty: by neither.
template <std::size_t types_count, std::size_t names_count>
std::string_view find_format(const std::array<Format, types_count>& types,
                             const std::array<Format, names_count>& names, json::Text media_type,
                             json::Text name) {
  std::string scratch;
  std::string type = lower_case(media_type.plain(scratch));
  type = type.substr(0, type.find(';'));
  for (const auto& [known, format] : types) {
    if (type == known) return format;
  }
  if (!type.empty() && type != "application/octet-stream") return {};
  const std::string plain = lower_case(name.plain(scratch));
  for (const auto& [end, format] : names) {
    if (plain.ends_with(end)) return format;
  }
  return {};
}

ApiError media_wrong(std::string message) {
  return errors::field_invalid("messages", std::move(message));
}

// Letters, digits, single spaces, hyphens, parentheses, brackets; no name twice.
std::string document_name(BedrockWriting& writing, json::Text name) {
  std::string scratch;
  std::string_view given = name.plain(scratch);
  if (const std::size_t dot = given.rfind('.'); dot != given.npos && dot > 0) {
    given = given.substr(0, dot);  // the format says it already
  }
  std::string out;
  for (const char c : given.substr(0, document_name_bytes_max - 8)) {
    const bool legal = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == ' ' || c == '-' || c == '(' || c == ')' || c == '[' || c == ']';
    const char letter = legal ? c : '-';
    const bool again = !out.empty() && out.back() == letter && (letter == ' ' || letter == '-');
    if (!again) out.push_back(letter);
  }
  ++writing.documents;
  if (out.find_first_not_of(" -") == out.npos) {
    out = "Document " + std::to_string(writing.documents);
  }
  if (std::ranges::find(writing.document_names, out) != writing.document_names.end()) {
    out += " (" + std::to_string(writing.documents) + ")";
  }
  writing.document_names.push_back(out);
  return out;
}

// "source": bytes, or a place in S3; false: neither.
bool write_source(const MediaPart& part, json::Writer& out) {
  switch (part.source) {
    case MediaSource::base64:
      out.key("source").begin_object().key("bytes").text(part.data).end_object();
      return true;
    case MediaSource::text: {
      std::string scratch;
      std::string bytes;
      append_base64(bytes, part.data.plain(scratch));
      out.key("source").begin_object().key("bytes").string(bytes).end_object();
      return true;
    }
    case MediaSource::url: {
      std::string scratch;
      if (!part.data.plain(scratch).starts_with("s3://")) return false;
      out.key("source").begin_object().key("s3Location").begin_object();
      out.key("uri").text(part.data).end_object().end_object();
      return true;
    }
    case MediaSource::file_id: return false;
  }
  __builtin_unreachable();
}

ApiError source_wrong(const MediaPart& part) {
  const std::string what = part.kind == MediaKind::image ? "an image" : "a document";
  if (part.source == MediaSource::file_id) {
    return media_wrong("A file id is of use to the provider alone that keeps the file: send " +
                       what + " as a data URL (data:...;base64,...).");
  }
  return media_wrong("This model's provider, Amazon Bedrock, fetches nothing from the web: send " +
                     what + " as a data URL (data:...;base64,...), or as an s3:// address.");
}

}  // namespace

void write_bedrock_media(BedrockWriting& writing, const MediaPart& part, json::Writer& out) {
  const json::Text named = part.source == MediaSource::url ? part.data : part.name;
  const bool is_image = part.kind == MediaKind::image;
  std::string_view format;
  switch (part.kind) {
    case MediaKind::audio:
      return writing.fail(media_wrong(
          "This model's provider, Amazon Bedrock, takes no audio in chats: send text, or use "
          "another model."));
    case MediaKind::image:
      format = find_format(image_formats, image_names, part.media_type, named);
      break;
    case MediaKind::document:
      format = part.source == MediaSource::text && part.media_type.empty()
                   ? "txt"
                   : find_format(document_formats, document_names, part.media_type, named);
      break;
  }
  out.begin_object().key(is_image ? "image" : "document").begin_object();
  out.key("format").string(format);
  if (!is_image) out.key("name").string(document_name(writing, part.name));
  if (!write_source(part, out)) {
    writing.fail(source_wrong(part));
  } else if (format.empty()) {
    writing.fail(media_wrong(
        is_image ? "An image must be PNG, JPEG, GIF or WebP: say so in its media type "
                   "(data:image/png;base64,...)."
                 : "A document must be PDF, CSV, Word, Excel, HTML, text or Markdown: say so in "
                   "its media type (data:application/pdf;base64,...)."));
  }
  out.end_object().end_object();
}

}  // namespace sluice::llm
