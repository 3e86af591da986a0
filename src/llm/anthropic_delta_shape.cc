#include "anthropic_delta_shape.h"

#include "sluice/json/string_end.h"

namespace sluice::llm {
namespace {

constexpr std::string_view frame = "event: content_block_delta\ndata: ";
constexpr std::size_t head_bytes_max = 512;

// What a delta holds, by its type.
std::optional<json::Value> text_of(json::Value delta) {
  for (const std::string_view name : {"text", "thinking", "partial_json"}) {
    const auto text = delta.find(name);
    if (text && text->is(json::Kind::string)) return text;
  }
  return std::nullopt;
}

// Behind the quote of the text: the end of the delta, blanks, the end of the event. The size, or 0.
std::size_t end_bytes(std::string_view rest, std::string_view behind) noexcept {
  if (!rest.starts_with('}')) return 0;
  const std::size_t brace = rest.find_first_not_of(' ', 1);
  if (brace == rest.npos || !rest.substr(brace).starts_with(behind)) return 0;
  return brace + behind.size();
}

}  // namespace

void AnthropicDeltaShape::learn(std::string_view data, json::Value top) {
  forget();
  const auto delta = top.find("delta");
  const auto text = delta ? text_of(*delta) : std::nullopt;
  if (!text || text->span().offset > head_bytes_max) return;
  const std::string_view rest = data.substr(text->span().end());
  if (end_bytes(rest, "}") != rest.size()) return;
  head_ = frame;
  head_ += data.substr(0, text->span().offset + 1);
}

std::optional<AnthropicDeltaShape::Event> AnthropicDeltaShape::first_of(
    std::string_view stream) const noexcept {
  if (head_.empty() || !stream.starts_with(head_)) return std::nullopt;
  const char* const begin = stream.data() + head_.size();
  const char* const quote = json::string_end(begin, stream.data() + stream.size());
  if (quote == nullptr) return std::nullopt;
  const auto behind_quote = static_cast<std::size_t>(quote + 1 - stream.data());
  const std::size_t end = end_bytes(stream.substr(behind_quote), "}\n\n");
  if (end == 0) return std::nullopt;
  return Event{.text = {.bytes = {begin, quote}, .escaped = true},
               .size_bytes = behind_quote + end};
}

}  // namespace sluice::llm
