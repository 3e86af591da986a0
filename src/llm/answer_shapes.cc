#include "sluice/llm/answer_shapes.h"

#include <algorithm>
#include <utility>

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

// False: such an answer can have none.
bool make_pattern(std::string_view event_name, std::string_view data, json::Value top,
                  json::TextTemplate& pattern) {
  if (event_name.size() > AnswerShapes::event_name_bytes_max) return false;
  std::string named_head;
  if (!event_name.empty()) named_head.append("event: ").append(event_name).append("\ndata: ");
  const std::string_view head = event_name.empty() ? "data: " : std::string_view(named_head);
  pattern.learn(data, top, keys, {.head = head, .tail = "\n\n"});
  return pattern.learned();
}

}  // namespace

std::optional<AnswerShapes::Match> AnswerShapes::find(Key key, std::string_view event_name,
                                                      std::string_view data) {
  json::TextTemplate::Values values;
  json::TextTemplate::LongString known;
  ++clock_;
  for (std::size_t looked_at = 0; looked_at < count_; ++looked_at) {
    const std::size_t number = (next_ + looked_at) % count_;
    Shape& shape = shapes_[number];
    if (shape.key != key || shape.event_name != event_name) continue;
    if (!shape.pattern.matches(data, values, known)) continue;
    if (shape.found_at == 0) in_vain_ = 0;  // it was worth it
    shape.found_at = clock_;
    // Streams repeat the order of their events, whole answers are mostly like the last.
    next_ = key.form == Form::event ? number + 1 : number;
    Match match{.shape = &shape, .usage = shape.facts.usage};
    for (const auto& [count, hole] : shape.usage_holes)
      match.usage.*count = tokens_in(values[hole]);
    return match;
  }
  return std::nullopt;
}

// Whoever learns in vain for long is tried again from time to time: providers change.
bool AnswerShapes::worth_learning() noexcept {
  constexpr std::uint64_t again_every = 64;
  ++in_vain_;
  return in_vain_ <= 2 * shapes_max || in_vain_ % again_every == 0;
}

// The oldest that was never found again makes way; if all were, the one not found for longest.
AnswerShapes::Shape& AnswerShapes::place_for_one_more() noexcept {
  if (count_ < shapes_max) return shapes_[count_++];
  return *std::ranges::min_element(
      shapes_, {}, [](const Shape& shape) { return std::pair(shape.found_at, shape.made_at); });
}

const json::TextTemplate* AnswerShapes::learn(Key key, std::string_view event_name,
                                              std::string_view data, json::Value top,
                                              std::optional<json::Value> usage,
                                              const ShapeFacts& facts) {
  const bool kept = worth_learning();
  const bool wanted = kept || facts.kind == StreamEventKind::content;
  if (!wanted || !make_pattern(event_name, data, top, spare_.pattern)) return nullptr;
  if (!kept) return &spare_.pattern;
  spare_.key = key;
  spare_.event_name.assign(event_name);
  spare_.facts = facts;
  spare_.usage_holes.clear();
  spare_.made_at = ++clock_;
  spare_.found_at = 0;
  if (usage) {
    for (const UsagePlace& place : find_openai_usage_places(*usage)) {
      if (const auto hole = spare_.pattern.hole_at(place.offset)) {
        spare_.usage_holes.push_back({.count = place.count, .hole = *hole});
      }
    }
  }
  Shape& shape = place_for_one_more();
  std::swap(shape, spare_);
  return &shape.pattern;
}

}  // namespace sluice::llm
