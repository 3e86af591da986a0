#include "openai_media.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice::llm {
namespace {

using json::Text;
using json::Value;

// The media types of what `input_audio.format` names.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> audio_types = {{
    {"wav", "audio/wav"},
    {"mp3", "audio/mp3"},
    {"flac", "audio/flac"},
    {"opus", "audio/opus"},
    {"aac", "audio/aac"},
    {"ogg", "audio/ogg"},
    {"m4a", "audio/m4a"},
    {"aiff", "audio/aiff"},
}};

bool is_web_url(std::string_view text) {
  return text.starts_with("https:") || text.starts_with("http:") || text.starts_with("gs:") ||
         text.starts_with("s3:");
}

}  // namespace

bool read_media_location(MemberReading& reading, Value url, const Place& place, MediaPart& out) {
  Text all;
  if (!reading.text(url, place, all)) return false;
  if (is_web_url(all.bytes)) {
    out.source = MediaSource::url;
    out.data = all;
    return true;
  }
  // In front of the comma a data URL is short; what escapes there are spell slashes.
  const std::size_t comma = all.bytes.find(',');
  const std::string_view head = all.bytes.substr(0, comma);
  if (!head.starts_with("data:") || !head.ends_with(";base64") || comma == head.npos) {
    return reading.invalid(place,
                           "must be a URL (https://...) or a data URL in base64 "
                           "(data:image/png;base64,...).");
  }
  out.source = MediaSource::base64;
  out.data = {.bytes = all.bytes.substr(comma + 1), .escaped = true};
  const std::string_view types = head.substr(5);
  out.media_type = {.bytes = types.substr(0, types.find(';')), .escaped = true};
  return true;
}

bool read_media_audio(MemberReading& reading, Value part, const Place& place, MediaPart& media) {
  media.kind = MediaKind::audio;
  const auto audio = given(part, "input_audio");
  const auto data = audio ? given(*audio, "data") : std::nullopt;
  const auto format = audio ? given(*audio, "format") : std::nullopt;
  if (!data || !format) {
    return reading.missing(place.at("input_audio"), "Give base64 as data, and its format.");
  }
  if (!reading.text(*data, place.at("input_audio.data"), media.data)) return false;
  for (const auto& [name, media_type] : audio_types) {
    if (format->string_equals(name)) {
      media.media_type = {.bytes = media_type};
      return true;
    }
  }
  return reading.invalid(place.at("input_audio.format"),
                         "must be wav, mp3, flac, opus, aac, ogg, m4a or aiff.");
}

}  // namespace sluice::llm
