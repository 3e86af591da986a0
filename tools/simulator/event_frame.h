// AWS's event stream, as Bedrock sends it: binary frames with two checksums.
//
//   [total length][headers length][CRC-32 of those 8 bytes][headers][payload][CRC-32 of all before]
//
// Big-endian, 4 bytes each; the CRC-32 is zlib's.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sluice::simulator {

/// `kind` is the :message-type, "event" or "exception"; `type` the :event-type or :exception-type.
void append_frame(std::string& out, std::string_view kind, std::string_view type,
                  std::string_view payload);

/// Where each frame of `stream` ends; nothing for bytes that are no frames to their end.
[[nodiscard]] std::vector<std::size_t> frame_ends(std::string_view stream);

/// The payload of one whole frame.
[[nodiscard]] std::string_view payload_of_frame(std::string_view frame);

/// The frame with another payload, its headers as they are.
[[nodiscard]] std::string with_payload(std::string_view frame, std::string_view payload);

}  // namespace sluice::simulator
