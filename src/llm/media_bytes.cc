#include "sluice/llm/media_bytes.h"

#include <algorithm>
#include <array>

#include "sluice/llm/api_error.h"

namespace sluice::llm {
namespace {

using namespace std::string_view_literals;
using Failure = std::unexpected<std::string>;

constexpr std::size_t quote_bytes_max = 64;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view type;
  MediaKind kind;
};

// The first that fits. The letters of a box "ftyp" stand behind its length.
constexpr std::array<Magic, 22> magics = {{
    {0, "\x89PNG\r\n\x1a\n"sv, "image/png", MediaKind::image},
    {0, "\xff\xd8\xff"sv, "image/jpeg", MediaKind::image},
    {0, "GIF87a"sv, "image/gif", MediaKind::image},
    {0, "GIF89a"sv, "image/gif", MediaKind::image},
    {8, "WEBP"sv, "image/webp", MediaKind::image},
    {8, "WAVE"sv, "audio/wav", MediaKind::audio},
    {4, "ftypheic"sv, "image/heic", MediaKind::image},
    {4, "ftypheix"sv, "image/heic", MediaKind::image},
    {4, "ftypmif1"sv, "image/heif", MediaKind::image},
    {4, "ftypavif"sv, "image/avif", MediaKind::image},
    {4, "ftypM4A"sv, "audio/m4a", MediaKind::audio},
    {4, "ftyp"sv, "video/mp4", MediaKind::document},
    {0, "%PDF-"sv, "application/pdf", MediaKind::document},
    {0, "ID3"sv, "audio/mp3", MediaKind::audio},
    {0, "\xff\xfb"sv, "audio/mp3", MediaKind::audio},
    {0, "\xff\xfa"sv, "audio/mp3", MediaKind::audio},
    {0, "\xff\xf3"sv, "audio/mp3", MediaKind::audio},
    {0, "\xff\xf2"sv, "audio/mp3", MediaKind::audio},
    {0, "fLaC"sv, "audio/flac", MediaKind::audio},
    {0, "OggS"sv, "audio/ogg", MediaKind::audio},
    {0, "\xff\xf1"sv, "audio/aac", MediaKind::audio},
    {0, "\xff\xf9"sv, "audio/aac", MediaKind::audio},
}};

// Documents that cannot be told by their first bytes: texts, and two kinds of container.
constexpr std::array<std::string_view, 3> text_types = {"application/json", "application/xml",
                                                        "application/x-yaml"};
constexpr std::array<std::string_view, 2> zip_types = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"};
constexpr std::array<std::string_view, 2> ole_types = {"application/msword",
                                                       "application/vnd.ms-excel"};

std::string_view kind_name(MediaKind kind) noexcept {
  switch (kind) {
    case MediaKind::image: return "image";
    case MediaKind::document: return "document";
    case MediaKind::audio: return "audio";
  }
  __builtin_unreachable();
}

std::string lower_case_type(std::string_view field) {
  std::string type(field.substr(0, field.find(';')));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return type;
}

bool says_nothing(std::string_view type) noexcept {
  return type.empty() || type == "application/octet-stream" || type == "binary/octet-stream" ||
         type == "application/x-download" || type == "application/force-download";
}

// "image/png" and "image/jpeg" are of one world; "text/html" and "image/png" are not.
bool contradicts(std::string_view said, std::string_view found) noexcept {
  constexpr std::array<std::string_view, 4> worlds = {"image", "audio", "video", "text"};
  const std::string_view said_world = said.substr(0, said.find('/'));
  const std::string_view found_world = found.substr(0, found.find('/'));
  if (std::ranges::find(worlds, said_world) == worlds.end() || said_world == found_world) {
    return false;
  }
  return said_world == "image" || said_world == "text" || found_world == "image" ||
         found_world == "application";
}

bool may_be(MediaKind found, std::string_view type, MediaKind wanted) noexcept {
  switch (wanted) {
    case MediaKind::image: return found == MediaKind::image || type == "application/pdf";
    case MediaKind::document: return true;
    case MediaKind::audio: return found == MediaKind::audio;
  }
  __builtin_unreachable();
}

bool is_text(std::string_view type, std::string_view beginning) noexcept {
  const bool named =
      type.starts_with("text/") || std::ranges::find(text_types, type) != text_types.end();
  return named && beginning.find('\0') == beginning.npos;
}

bool is_office(std::string_view type, std::string_view beginning) noexcept {
  if (std::ranges::find(zip_types, type) != zip_types.end()) {
    return beginning.starts_with("PK\x03\x04"sv);
  }
  return std::ranges::find(ole_types, type) != ole_types.end() &&
         beginning.starts_with("\xd0\xcf\x11\xe0"sv);
}

}  // namespace

std::optional<MediaType> recognise_media(std::string_view beginning) {
  for (const Magic& magic : magics) {
    if (beginning.size() < magic.offset ||
        !beginning.substr(magic.offset).starts_with(magic.bytes)) {
      continue;
    }
    if (magic.offset == 8 && !beginning.starts_with("RIFF")) continue;
    return MediaType{.name = std::string(magic.type), .kind = magic.kind};
  }
  return std::nullopt;
}

std::expected<MediaType, std::string> judge_media(std::string_view content_type,
                                                  std::string_view beginning, MediaKind wanted) {
  if (beginning.empty()) return Failure("it is empty");
  const std::string said = lower_case_type(content_type);
  const std::string shown = quotable(said, quote_bytes_max);
  if (auto found = recognise_media(beginning)) {
    if (contradicts(said, found->name)) {
      return Failure("its server calls it " + shown + ", and its bytes are " + found->name);
    }
    if (!may_be(found->kind, found->name, wanted)) {
      return Failure("it is " + found->name + ", which is no " + std::string(kind_name(wanted)));
    }
    return std::move(*found);
  }
  if (says_nothing(said)) {
    return Failure("neither its server nor its first bytes say of what type it is");
  }
  if (wanted == MediaKind::document && (is_text(said, beginning) || is_office(said, beginning))) {
    return MediaType{.name = said, .kind = MediaKind::document};
  }
  if (said.starts_with(kind_name(wanted))) {
    return Failure("its server calls it " + shown + ", and its bytes are of no known kind of " +
                   std::string(kind_name(wanted)));
  }
  return Failure("it is " + shown + ", which is no " + std::string(kind_name(wanted)) +
                 " that chats hold");
}

}  // namespace sluice::llm
