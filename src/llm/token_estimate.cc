#include "sluice/llm/token_estimate.h"

#include <span>

namespace sluice::llm {
namespace {

// What a message is beside its words: its role, its bounds.
constexpr std::uint64_t message_tokens = 4;
// Of an image of 1,000 x 1,000 pixels: Anthropic counts width x height / 750, OpenAI 765 to 1,105.
constexpr std::uint64_t image_tokens = 1'300;
// A page of a PDF is 1,500 to 3,000 tokens by Anthropic's account and some 50 kB of base64.
constexpr std::uint64_t document_bytes_per_token = 25;
// A second of 16 kHz mono PCM is 32 tokens for Gemini and 43 kB of base64; of MP3 a fifth of that.
constexpr std::uint64_t audio_bytes_per_token = 500;

// In twelfths of a token, so that thirds and quarters add up.
std::uint64_t weight_of(unsigned char lead) noexcept {
  if (lead < 0x80) return 3;  // ASCII
  if (lead < 0xC0) return 0;  // a later byte of a character
  if (lead < 0xE0) return 6;  // two bytes: Latin with marks, Greek, Cyrillic, Hebrew, Arabic
  return 12;                  // three: Chinese, Japanese, Korean, Indic; four: emoji and the rest
}

std::uint64_t estimate_media(const MediaPart& media) noexcept {
  if (media.source == MediaSource::text) return estimate_tokens(media.data.bytes);
  const bool has_bytes = media.source == MediaSource::base64;
  switch (media.kind) {
    case MediaKind::image: return image_tokens;
    case MediaKind::document:
      return has_bytes ? media.data.bytes.size() / document_bytes_per_token : image_tokens;
    case MediaKind::audio:
      return has_bytes ? media.data.bytes.size() / audio_bytes_per_token : image_tokens;
  }
  __builtin_unreachable();
}

std::uint64_t estimate_parts(const ChatRequest& request, std::span<const Part> parts) noexcept;

struct PartEstimate {
  const ChatRequest& request;

  std::uint64_t operator()(const TextPart& part) const noexcept {
    return estimate_tokens(part.text.bytes);
  }
  std::uint64_t operator()(const RefusalPart& part) const noexcept {
    return estimate_tokens(part.text.bytes);
  }
  std::uint64_t operator()(const MediaPart& part) const noexcept { return estimate_media(part); }
  std::uint64_t operator()(const ToolCall& part) const noexcept {
    return message_tokens + estimate_tokens(part.name.bytes) +
           estimate_tokens(part.arguments.bytes);
  }
  std::uint64_t operator()(const ToolResult& part) const noexcept {
    return message_tokens + estimate_parts(request, request.parts_of(part));
  }
  std::uint64_t operator()(const ReasoningPart& part) const noexcept {
    return estimate_tokens(part.text.bytes);
  }
};

std::uint64_t estimate_parts(const ChatRequest& request, std::span<const Part> parts) noexcept {
  std::uint64_t tokens = 0;
  for (const Part& part : parts) tokens += std::visit(PartEstimate{request}, part.body);
  return tokens;
}

}  // namespace

std::uint64_t estimate_tokens(std::string_view text) noexcept {
  std::uint64_t twelfths = 0;
  for (const char c : text) twelfths += weight_of(static_cast<unsigned char>(c));
  return (twelfths + 11) / 12;
}

std::uint64_t estimate_tokens(const ChatRequest& request) noexcept {
  std::uint64_t tokens = 0;
  for (const Message& message : request.messages) {
    tokens += message_tokens + estimate_parts(request, request.parts_of(message));
  }
  for (const Tool& tool : request.tools) {
    tokens += message_tokens + estimate_tokens(tool.name.bytes) +
              estimate_tokens(tool.description.bytes) + estimate_tokens(tool.parameters);
  }
  return tokens + estimate_tokens(request.output.schema);
}

}  // namespace sluice::llm
