#include "sluice/llm/openai_usage.h"

#include <optional>
#include <string>
#include <string_view>

#include "openai_members.h"

namespace sluice::llm {
namespace {

using json::Value;

Usage::Count count_of(Value value) noexcept {
  const std::optional<std::int64_t> number = value.integer();
  if (!number || *number < 0) return std::nullopt;
  const auto count = static_cast<std::uint64_t>(*number);
  if (count > usage_tokens_max) return std::nullopt;
  return count;
}

// Reads a usage object. `taken(count, value)` hears of each count that is taken, and from where.
template <typename Taken>
class UsageReader {
 public:
  explicit UsageReader(Taken taken) noexcept : taken_(taken) {}

  Usage read(Value value) noexcept {
    std::optional<Value> cached_beside;  // hosts' own places, beside or in place of the details
    std::string scratch;
    for (const json::Member member : value.members()) {
      const std::string_view name = member.key.unescaped(scratch);
      const auto is = [&](std::string_view wanted) { return name == wanted; };
      if (is("prompt_tokens") || is("input_tokens")) {
        take(&Usage::input, member.value);
      } else if (is("completion_tokens") || is("output_tokens")) {
        take(&Usage::output, member.value);
      } else if (is("total_tokens")) {
        take(&Usage::total, member.value);
      } else if (is("prompt_tokens_details") || is("input_tokens_details") ||
                 is("input_token_details")) {
        read_input_details(member.value);
      } else if (is("completion_tokens_details") || is("output_tokens_details") ||
                 is("output_token_details")) {
        read_output_details(member.value);
      } else if (is("prompt_cache_hit_tokens") || is("cached_tokens")) {
        if (count_of(member.value)) cached_beside = member.value;
      }
    }
    if (!usage_.cached_input && cached_beside) take(&Usage::cached_input, *cached_beside);
    return usage_;
  }

 private:
  // A known count is not undone by a null or absurd one under another name.
  void take(Usage::Count Usage::* count, Value value) noexcept {
    const Usage::Count found = count_of(value);
    if (!found) return;
    usage_.*count = found;
    taken_(count, value);
  }

  void read_input_details(Value details) noexcept {
    std::string scratch;
    for (const json::Member member : details.members()) {
      const std::string_view name = member.key.unescaped(scratch);
      if (name == "cached_tokens") {
        take(&Usage::cached_input, member.value);
      } else if (name == "cache_write_tokens") {
        take(&Usage::cache_write_input, member.value);
      } else if (name == "audio_tokens") {
        take(&Usage::audio_input, member.value);
      } else if (name == "image_tokens") {
        take(&Usage::image_input, member.value);
      }
    }
  }

  void read_output_details(Value details) noexcept {
    std::string scratch;
    for (const json::Member member : details.members()) {
      const std::string_view name = member.key.unescaped(scratch);
      if (name == "reasoning_tokens") {
        take(&Usage::reasoning_output, member.value);
      } else if (name == "audio_tokens") {
        take(&Usage::audio_output, member.value);
      } else if (name == "image_tokens") {
        take(&Usage::image_output, member.value);
      } else if (name == "accepted_prediction_tokens") {
        take(&Usage::accepted_prediction_output, member.value);
      } else if (name == "rejected_prediction_tokens") {
        take(&Usage::rejected_prediction_output, member.value);
      }
    }
  }

  Usage usage_;
  Taken taken_;
};

}  // namespace

Usage parse_openai_usage(Value value) noexcept {
  return UsageReader([](Usage::Count Usage::*, Value) {}).read(value);
}

std::vector<UsagePlace> find_openai_usage_places(Value value) {
  std::vector<UsagePlace> places;
  const auto note = [&](Usage::Count Usage::* count, Value from) {
    std::erase_if(places, [count](const UsagePlace& place) { return place.count == count; });
    places.push_back({.count = count, .offset = from.span().offset});
  };
  (void)UsageReader(note).read(value);
  return places;
}

Usage find_openai_usage(Value answer) noexcept {
  return find_openai_usage(read_openai_members(answer));
}

}  // namespace sluice::llm
