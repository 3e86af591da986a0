// Images, sound and files as OpenAI's dialects name them: by a URL, or as base64 with its type.
#pragma once
#include "member_reading.h"
#include "sluice/json/value.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

/// A web URL, or a data URL (RFC 2397): "data:image/png;base64,iVBOR...". False with the error in
/// `reading`.
bool read_media_location(MemberReading& reading, json::Value url, const Place& place,
                         MediaPart& out);

/// The member `input_audio` of a part: {"data":"<base64>","format":"wav"}.
bool read_media_audio(MemberReading& reading, json::Value part, const Place& place, MediaPart& out);

}  // namespace sluice::llm
