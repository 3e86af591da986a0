// What a file from the web is: by its first bytes, and by what its server calls it.
//
// Bytes are believed before words, since servers mix up kinds of images and providers refuse what
// is not what it is said to be. Where words and bytes are of different worlds (a page called an
// image) nothing is guessed.
#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// As many of a file's first bytes are enough to be looked at.
inline constexpr std::size_t media_beginning_bytes = 64;

struct MediaType {
  std::string name = {};  // "image/png", in lower case, without parameters
  MediaKind kind = MediaKind::image;
};

/// By the bytes alone: PNG, JPEG, GIF, WebP, HEIC, AVIF, PDF, WAV, MP3, FLAC, Ogg, MP4 (whose kind
/// is document: what is neither image nor audio).
[[nodiscard]] std::optional<MediaType> recognise_media(std::string_view beginning);

/// `content_type`: the field's value, may be empty. `wanted`: what the chat calls it; an image that
/// is a PDF, and a document that is an image or audio, are what they are. On failure the end of a
/// sentence that begins with the file: "it is text/html, which is no image".
[[nodiscard]] std::expected<MediaType, std::string> judge_media(std::string_view content_type,
                                                                std::string_view beginning,
                                                                MediaKind wanted);

}  // namespace sluice::llm
