// Fuzzes the reader of Responses API answers, and the writers: the input is the events of a stream,
// one per line, and the same bytes are a whole answer.
//   1. events come in the order of chat_event.h: started first and once, finished once and behind
//      all content, usage last; arguments belong to the call begun last;
//   2. nothing follows an error, and a stream with one has failed; a stream is complete exactly
//      when its reason to finish was told;
//   3. what is told is written as JSON events whose reader is told the same texts and calls.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/llm/responses_reader.h"
#include "sluice/llm/responses_writer.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

class Order : public ChatSink {
 public:
  explicit Order(ChatSink* next = nullptr) : next_(next) {}
  void take(const ChatEvent& event) override {
    SLUICE_ASSERT(event.choice == 0);
    SLUICE_ASSERT((event.kind == ChatEventKind::started) == !started_);
    started_ = true;
    SLUICE_ASSERT(!finished || event.kind == ChatEventKind::usage);
    SLUICE_ASSERT(!used_);
    const bool is_arguments = event.kind == ChatEventKind::tool_arguments;
    if (event.kind == ChatEventKind::tool_call) SLUICE_ASSERT(event.call == calls++);
    if (is_arguments) SLUICE_ASSERT(call_open_ && event.call + 1 == calls);
    call_open_ = event.kind == ChatEventKind::tool_call || is_arguments;
    if (event.kind == ChatEventKind::text) json::append_plain(text, event.text);
    if (event.kind == ChatEventKind::finished) finished = true;
    if (event.kind == ChatEventKind::usage) {
      SLUICE_ASSERT(finished && event.usage.known());
      used_ = true;
    }
    if (next_ != nullptr) next_->take(event);
  }
  bool finished = false;
  std::uint32_t calls = 0;
  std::string text;

 private:
  ChatSink* next_;
  bool started_ = false;
  bool used_ = false;
  bool call_open_ = false;
};

// Property 3. Each event is "event: name\ndata: json\n\n".
void check_written(ChatWriter& writer, const Order& order) {
  writer.end();
  const std::string stream = writer.take_bytes();
  ResponsesReader reader({.provider = "acme"});
  Order again;
  json::Index index({.depth_max = 256});
  std::string_view left = stream;
  while (!left.empty()) {
    const std::size_t data = left.find("\ndata: ") + 7;
    const std::size_t end = left.find("\n\n", data);
    SLUICE_ASSERT(end != left.npos);
    const auto result = reader.read_event("", left.substr(data, end - data), index, again);
    SLUICE_ASSERT(!result.error && !result.odd);
    left.remove_prefix(end + 2);
  }
  SLUICE_ASSERT(reader.finish(again) == StreamEnd::complete);
  SLUICE_ASSERT(again.text == order.text);
  SLUICE_ASSERT(again.calls == order.calls);
}

void read_stream(std::string_view lines) {
  ResponsesReader reader({.provider = "acme"});
  ResponsesStreamWriter writer({.request_id = "req_1", .model = "m"});
  Order order(&writer);
  json::Index index;
  bool failed = false;
  while (!lines.empty() && !failed) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const ReadResult result = reader.read_event("", lines.substr(0, end), index, order);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    failed = result.error.has_value();
    SLUICE_ASSERT(!result.ended || order.finished);
    if (failed) SLUICE_ASSERT(!result.error->message.empty());
  }
  const StreamEnd end = reader.finish(order);
  SLUICE_ASSERT((end == StreamEnd::failed) == failed);
  if (!failed) SLUICE_ASSERT((end == StreamEnd::complete) == order.finished);
  if (end == StreamEnd::complete) check_written(writer, order);
}

void read_whole(std::string_view body) {
  ResponsesReader reader({.provider = "acme"});
  Order order;
  json::Index index;
  const auto error = reader.read_whole(body, index, order);
  SLUICE_ASSERT(error.has_value() == !order.finished);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view input(reinterpret_cast<const char*>(data), size_bytes);
  read_stream(input);
  read_whole(input);
  return 0;
}
