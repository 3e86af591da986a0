// Fuzzes the reader of OpenAI's chat answers: byte 0 says whether the rest is one whole answer, or
// the events of a stream, one per line.
//   1. events keep their order: started once and first, one call open at a time and counted from 0,
//      each choice finished once, usage last;
//   2. an error can be rendered; behind it, and behind the end, nothing is told;
//   3. what the Anthropic writers make of the events is JSON, with blocks that open and close.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/json/value.h"
#include "sluice/llm/anthropic_writer.h"
#include "sluice/llm/openai_chat_reader.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

class OrderCheck : public ChatSink {
 public:
  explicit OrderCheck(ChatSink& next) : next_(next) {}

  void take(const ChatEvent& event) override {
    SLUICE_ASSERT(!usage_);
    SLUICE_ASSERT((event.kind == ChatEventKind::started) != started_);
    started_ = true;
    usage_ = event.kind == ChatEventKind::usage;
    if (event.kind != ChatEventKind::started && !usage_) check(event, choices_[event.choice]);
    next_.take(event);
  }

 private:
  struct Choice {
    std::uint32_t calls = 0;
    std::optional<std::uint32_t> open = {};
    bool finished = false;
  };
  static void check(const ChatEvent& event, Choice& choice) {
    SLUICE_ASSERT(!choice.finished);
    if (event.kind == ChatEventKind::tool_arguments) {
      SLUICE_ASSERT(choice.open == event.call);
      return;
    }
    choice.open.reset();
    choice.finished = event.kind == ChatEventKind::finished;
    if (event.kind != ChatEventKind::tool_call) return;
    SLUICE_ASSERT(event.call == choice.calls);
    choice.open = choice.calls++;
  }

  ChatSink& next_;
  std::map<std::uint32_t, Choice> choices_;
  bool started_ = false;
  bool usage_ = false;
};

void check_error(const ApiError& error) {
  json::Index index;
  SLUICE_ASSERT(index.build(render_error_body(error, Dialect::anthropic, "r")).has_value());
}

// Each event is a JSON object behind its name.
void check_stream(std::string_view bytes) {
  json::Index index;
  int open = 0;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\n\n");
    SLUICE_ASSERT(end != bytes.npos);
    const std::string_view event = bytes.substr(0, end);
    const std::size_t data = event.find("\ndata: ");
    SLUICE_ASSERT(event.starts_with("event: ") && data != event.npos);
    SLUICE_ASSERT(index.build(event.substr(data + 7)).has_value());
    if (event.starts_with("event: content_block_start")) ++open;
    if (event.starts_with("event: content_block_stop")) --open;
    SLUICE_ASSERT(open == 0 || open == 1);
    bytes.remove_prefix(end + 2);
  }
  SLUICE_ASSERT(open == 0);
}

void read_whole(std::string_view body, const AnswerFrame& frame) {
  json::Index index;
  AnthropicWholeWriter writer(frame);
  OrderCheck check(writer);
  OpenaiChatReader reader({.provider = "acme"});
  if (const auto error = reader.read_whole(body, index, check)) {
    check_error(*error);
    return;
  }
  writer.end();
  json::Index answer({.bytes_max = std::size_t{256} << 20, .depth_max = 256});
  SLUICE_ASSERT(answer.build(writer.take_bytes()).has_value());
}

void read_stream(std::string_view lines, const AnswerFrame& frame) {
  json::Index index;
  AnthropicStreamWriter writer(frame);
  OrderCheck check(writer);
  OpenaiChatReader reader({.provider = "acme"});
  bool over = false;
  while (!lines.empty() && !over) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const ReadResult result = reader.read_event("", lines.substr(0, end), index, check);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (result.error) check_error(*result.error);
    over = result.error || result.ended;
    if (result.error) SLUICE_ASSERT(reader.finish(check) == StreamEnd::failed);
    if (result.ended) SLUICE_ASSERT(reader.finish(check) == StreamEnd::complete);
    if (result.error) return;
  }
  if (!over && reader.finish(check) == StreamEnd::truncated) return;
  writer.end();
  check_stream(writer.take_bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  const AnswerFrame frame{.request_id = "req_1", .provider = "acme", .model = "m", .cost = {}};
  if (data[0] % 2 == 0) {
    read_whole(text, frame);
  } else {
    read_stream(text, frame);
  }
  return 0;
}
