#include "sluice/llm/request_needs.h"

#include <algorithm>
#include <array>
#include <string>

namespace sluice::llm {
namespace {

using json::Kind;
using json::Member;
using json::Value;

constexpr std::size_t visits_max = 10'000;
constexpr std::uint64_t bytes_per_token_max = 12;
constexpr std::uint64_t bytes_per_token_likely = 4;
constexpr std::uint64_t image_tokens_likely = 1'300;  // as token_estimate.cc has it

class Scan {
 public:
  RequestNeeds read(Value top) {
    std::string scratch;
    for (const Member member : top.members()) {
      if (member.value.is_null()) continue;
      const std::string_view name = member.key.unescaped(scratch);
      const auto known = std::ranges::find(handlers, name, &Handler::name);
      if (known != handlers.end()) (this->*known->read)(member.value);
    }
    const std::uint64_t bytes = read_bytes_ - std::min(read_bytes_, media_bytes_);
    needs_.input_tokens_min = bytes / bytes_per_token_max;
    needs_.input_tokens_likely = bytes / bytes_per_token_likely + images_ * image_tokens_likely;
    needs_.input_tokens_max = bytes + images_ * image_tokens_likely;
    return needs_;
  }

 private:
  struct Handler {
    std::string_view name;
    void (Scan::*read)(Value);
  };
  static const std::array<Handler, 21> handlers;

  static bool is_type(Value object, std::string_view type) {
    const auto found = object.find("type");
    return found && found->string_equals(type);
  }

  // --- what is read ---

  void count_bytes(Value value) { read_bytes_ += value.raw().size(); }

  // messages, input
  void turns(Value value) {
    count_bytes(value);
    for (const Value turn : value.elements()) {
      if (!visit()) return;
      if (const auto content = turn.find("content")) parts(*content);
      if (const auto output = turn.find("output")) parts(*output);  // of a call's result
      part(turn);  // an item of the Responses API may be a file itself
    }
  }
  void parts(Value content) {
    for (const Value each : content.elements()) {
      if (!visit()) return;
      part(each);
      // A result of a tool in the Messages dialect holds parts of its own.
      const auto inner = each.find("content");
      if (!inner) continue;
      for (const Value held : inner->elements()) {
        if (!visit()) return;
        part(held);
      }
    }
  }
  void part(Value value) {
    const auto type = value.find("type");
    if (!type) return;
    const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
      return std::ranges::any_of(names, [&](auto name) { return type->string_equals(name); });
    };
    if (is_one_of({"text", "input_text", "output_text"})) return;
    if (is_one_of({"image_url", "input_image", "image"})) {
      needs_.images = true;
      ++images_;
    } else if (is_one_of({"input_audio", "audio"})) {
      needs_.audio = true;
    } else if (is_one_of({"file", "input_file", "document"})) {
      needs_.files = true;
    } else {
      return;
    }
    media_bytes_ += value.raw().size();
  }
  bool visit() { return ++visits_ <= visits_max; }

  // --- what the model must be able to do ---

  void tools(Value value) {
    count_bytes(value);
    needs_.tools = needs_.tools || (value.is(Kind::array) && !value.is_empty());
  }
  void parallel(Value value) { needs_.parallel_tools = value.boolean().value_or(false); }
  void format(Value value) {
    if (is_type(value, "json_schema")) needs_.json_schema = true;
    if (is_type(value, "json_object")) needs_.json_object = true;
  }
  // `text` and `output_config` hold a format; the one of the Responses API and Anthropic's.
  void holds_format(Value value) {
    if (const auto found = value.find("format")) format(*found);
  }
  void modalities(Value value) {
    for (const Value each : value.elements()) {
      if (!visit()) return;
      if (each.string_equals("audio")) needs_.audio = true;
    }
  }
  void effort(Value value) {
    if (value.is(Kind::string) && !value.string_equals("none")) needs_.reasoning = true;
  }
  void reasoning(Value value) {
    if (const auto named = value.find("effort")) effort(*named);
    const auto tokens = value.find("max_tokens");
    if (tokens && tokens->integer().value_or(0) > 0) needs_.reasoning = true;
    const auto enabled = value.find("enabled");
    if (enabled && enabled->boolean().value_or(false)) needs_.reasoning = true;
  }
  void thinking(Value value) {
    if (is_type(value, "enabled") || is_type(value, "adaptive")) needs_.reasoning = true;
  }
  void include_reasoning(Value value) {
    if (value.boolean().value_or(false)) needs_.reasoning = true;
  }
  void output(Value value) {
    const std::int64_t tokens = value.integer().value_or(0);
    if (tokens <= 0) return;
    needs_.output_tokens =
        std::max(needs_.output_tokens.value_or(0), static_cast<std::uint64_t>(tokens));
  }

  RequestNeeds needs_;
  std::size_t visits_ = 0;
  std::uint64_t images_ = 0;
  std::uint64_t read_bytes_ = 0;
  std::uint64_t media_bytes_ = 0;  // among them
};

constexpr std::array<Scan::Handler, 21> Scan::handlers = {{
    {"messages", &Scan::turns},
    {"input", &Scan::turns},
    {"prompt", &Scan::count_bytes},
    {"system", &Scan::count_bytes},
    {"instructions", &Scan::count_bytes},
    {"tools", &Scan::tools},
    {"functions", &Scan::tools},
    {"parallel_tool_calls", &Scan::parallel},
    {"response_format", &Scan::format},
    {"output_format", &Scan::format},
    {"text", &Scan::holds_format},
    {"output_config", &Scan::holds_format},
    {"modalities", &Scan::modalities},
    {"reasoning_effort", &Scan::effort},
    {"reasoning", &Scan::reasoning},
    {"thinking", &Scan::thinking},
    {"include_reasoning", &Scan::include_reasoning},
    {"max_tokens", &Scan::output},
    {"max_completion_tokens", &Scan::output},
    {"max_output_tokens", &Scan::output},
    {"max_tokens_to_sample", &Scan::output},
}};

}  // namespace

RequestNeeds needs_of(Value top) noexcept { return Scan().read(top); }

}  // namespace sluice::llm
