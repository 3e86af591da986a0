#include "sluice/llm/answer_shapes.h"

#include "sluice/llm/openai_usage.h"

namespace sluice::llm {
namespace {

// The values by which one event differs from the next of its stream, and those by which one answer
// differs from the next. None of them decides what an answer is, as long as a text is not empty.
constexpr std::array<std::string_view, 8> varying_texts = {
    "content",           "text",      "delta",   "arguments",
    "reasoning_content", "reasoning", "refusal", "obfuscation"};
constexpr std::array<std::string_view, 16> varying_numbers = {
    "sequence_number",
    // Of tokens.
    "prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens",
    "cached_tokens", "cache_write_tokens", "reasoning_tokens", "text_tokens", "audio_tokens",
    "image_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens",
    "prompt_cache_hit_tokens", "prompt_cache_miss_tokens"};
constexpr std::array<std::string_view, 4> steady_texts = {"id", "item_id", "response_id",
                                                          "system_fingerprint"};
constexpr std::array<std::string_view, 2> steady_numbers = {"created", "created_at"};
constexpr json::TextTemplate::Keys keys = {.texts = varying_texts,
                                           .numbers = varying_numbers,
                                           .steady_texts = steady_texts,
                                           .steady_numbers = steady_numbers};

// What a hole holds is a count that every reader of usages believes.
static_assert(usage_tokens_max >= 999'999'999'999 && json::TextTemplate::digits_max == 12);

std::uint64_t tokens_in(std::string_view digits) noexcept {
  std::uint64_t tokens = 0;
  for (const char digit : digits) tokens = 10 * tokens + static_cast<std::uint64_t>(digit - '0');
  return tokens;
}

}  // namespace

std::optional<AnswerShapes::Match> AnswerShapes::find(Key key, std::string_view event_name,
                                                      std::string_view data) {
  json::TextTemplate::Values values;
  for (std::size_t looked_at = 0; looked_at < count_; ++looked_at) {
    if (next_ >= count_) next_ = 0;
    const Shape& shape = shapes_[next_++];
    if (shape.key != key || shape.event_name != event_name) continue;
    if (!shape.pattern.matches(data, values)) continue;
    Match match{.shape = &shape, .usage = shape.facts.usage};
    for (const auto& [count, hole] : shape.usage_holes)
      match.usage.*count = tokens_in(values[hole]);
    learned_in_vain_ = 0;
    return match;
  }
  return std::nullopt;
}

// Some answers have no shape: each has a number or a member of its own. They are given up, and
// looked at again from time to time.
bool AnswerShapes::worth_learning() noexcept {
  constexpr std::uint64_t again_every = 64;
  ++learned_in_vain_;
  return learned_in_vain_ <= 2 * shapes_max || learned_in_vain_ % again_every == 0;
}

const AnswerShapes::Shape* AnswerShapes::learn(Key key, std::string_view event_name,
                                               std::string_view data, json::Value top,
                                               std::optional<json::Value> usage,
                                               const ShapeFacts& facts) {
  if (!worth_learning()) return nullptr;
  std::string named_head;
  if (!event_name.empty()) named_head.append("event: ").append(event_name).append("\ndata: ");
  const std::string_view head = event_name.empty() ? "data: " : std::string_view(named_head);
  const bool full = count_ == shapes_max;
  Shape& shape = shapes_[full ? oldest_ : count_];
  shape.pattern.learn(data, top, keys, {.head = head, .tail = "\n\n"});
  if (!shape.pattern.learned()) return nullptr;  // a shape that stood here is gone: no matter
  shape.key = key;
  shape.event_name.assign(event_name);
  shape.facts = facts;
  shape.usage_holes.clear();
  if (usage) {
    for (const UsagePlace& place : find_openai_usage_places(*usage)) {
      if (const auto hole = shape.pattern.hole_at(place.offset)) {
        shape.usage_holes.push_back({.count = place.count, .hole = *hole});
      }
    }
  }
  if (full) {
    oldest_ = (oldest_ + 1) % shapes_max;
  } else {
    ++count_;
  }
  return &shape;
}

}  // namespace sluice::llm
