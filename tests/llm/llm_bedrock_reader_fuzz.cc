// Fuzzes the reader of Bedrock's answers: byte 0 chooses what was asked for, the rest are events,
// one per line, "name data"; and the same bytes as a whole answer.
//   1. events come in the order of chat_event.h: started first and once, finished once and behind
//      all content, usage last; arguments belong to the call begun last;
//   2. nothing follows an error, and a stream with one has failed;
//   3. a stream is complete exactly when its reason to finish was told.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/llm/bedrock_reader.h"

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
    SLUICE_ASSERT(!used_);
    if (event.kind == ChatEventKind::tool_call) SLUICE_ASSERT(event.call == calls_++);
    if (event.kind == ChatEventKind::tool_arguments) SLUICE_ASSERT(event.call + 1 == calls_);
    if (event.kind == ChatEventKind::finished) finished = true;
    if (event.kind == ChatEventKind::usage) {
      SLUICE_ASSERT(finished && event.usage.known());
      used_ = true;
    }
    std::string scratch;
    for (const json::Text text : {event.text, event.id, event.name}) {
      bytes_ += text.plain(scratch).size();
    }
  }
  bool finished = false;

 private:
  bool started_ = false;
  bool used_ = false;
  std::uint32_t calls_ = 0;
  std::size_t bytes_ = 0;
};

AskedFor asked_for(std::uint8_t choice) {
  AskedFor asked{.provider = "aws"};
  if ((choice & 1) != 0) asked.output_tool = "json";
  if ((choice & 2) != 0) asked.custom_tools = "f\ng\n";
  return asked;
}

void read_stream(std::uint8_t choice, std::string_view lines) {
  BedrockReader reader(asked_for(choice));
  Order order;
  json::Index index;
  bool failed = false;
  while (!lines.empty() && !failed) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view data = line.substr(std::min(space + 1, line.size()));
    const ReadResult result = reader.read_event(line.substr(0, space), data, index, order);
    failed = result.error.has_value();
    SLUICE_ASSERT(!result.ended || order.finished);
    if (failed) SLUICE_ASSERT(!result.error->message.empty());
  }
  const StreamEnd end = reader.finish(order);
  SLUICE_ASSERT((end == StreamEnd::failed) == failed);
  if (!failed) SLUICE_ASSERT((end == StreamEnd::complete) == order.finished);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  read_stream(data[0], bytes);

  BedrockReader reader(asked_for(data[0]));
  Order order;
  json::Index index;
  const auto error = reader.read_whole(bytes, index, order);
  SLUICE_ASSERT(error.has_value() == !order.finished);
  return 0;
}
