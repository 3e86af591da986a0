// Fuzzes the reader of Anthropic's answers: byte 0 chooses what was asked for, the rest are events,
// one per line; and the same bytes as a whole answer.
//   1. events come in the order of chat_event.h: started first and once, finished once and behind
//      all content; arguments belong to the call begun last;
//   2. every text is UTF-8 once unescaped, every citation JSON;
//   3. nothing follows an error, and a stream with one has failed; one that is complete or finished
//      was told its reason.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/json/utf8.h"
#include "sluice/llm/anthropic_reader.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

class Order : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    SLUICE_ASSERT(event.choice == 0);
    SLUICE_ASSERT((event.kind == ChatEventKind::started) == !started_);
    started_ = true;
    SLUICE_ASSERT(!finished || event.kind == ChatEventKind::usage);
    if (event.kind == ChatEventKind::tool_call) SLUICE_ASSERT(event.call == calls_++);
    if (event.kind == ChatEventKind::tool_arguments) SLUICE_ASSERT(event.call + 1 == calls_);
    if (event.kind == ChatEventKind::finished) finished = true;
    if (event.kind == ChatEventKind::usage) SLUICE_ASSERT(event.usage.known());
    if (event.kind == ChatEventKind::citation) SLUICE_ASSERT(index_.build(event.json).has_value());
    std::string scratch;
    for (const json::Text text : {event.text, event.id, event.name, event.model}) {
      SLUICE_ASSERT(json::is_utf8(text.plain(scratch)));
    }
  }
  bool finished = false;

 private:
  bool started_ = false;
  std::uint32_t calls_ = 0;
  json::Index index_;
};

AskedFor asked_for(std::uint8_t choice) {
  AskedFor asked{.provider = "anthropic"};
  if ((choice & 1) != 0) asked.output_tool = "json";
  if ((choice & 2) != 0) asked.custom_tools = "f\ng\n";
  if ((choice & 4) != 0) asked.renamed_tools = {{.sent = "f", .name = "my.f"}};
  return asked;
}

void read_stream(std::uint8_t choice, std::string_view lines) {
  AnthropicReader reader(asked_for(choice));
  Order order;
  json::Index index;
  bool failed = false;
  bool ended = false;
  while (!lines.empty() && !failed) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const ReadResult result = reader.read_event("", lines.substr(0, end), index, order);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    failed = result.error.has_value();
    SLUICE_ASSERT(!(ended && (failed || result.ended)));
    ended = ended || result.ended;
    if (failed) SLUICE_ASSERT(!result.error->message.empty());
  }
  const StreamEnd end = reader.finish(order);
  SLUICE_ASSERT((end == StreamEnd::failed) == failed);
  SLUICE_ASSERT((end == StreamEnd::complete) == ended);
  if (!failed) SLUICE_ASSERT((end == StreamEnd::truncated) == !order.finished);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  read_stream(data[0], bytes);

  AnthropicReader reader(asked_for(data[0]));
  Order order;
  json::Index index;
  const auto error = reader.read_whole(bytes, index, order);
  SLUICE_ASSERT(error.has_value() == !order.finished);
  return 0;
}
