// Fuzzes the reader of Gemini's answers: byte 0 chooses what it was told of the request, the rest
// are events, one per line, and a whole answer as well.
//   1. `started` comes once and first; nothing follows `finished` of a choice but usage;
//   2. arguments come behind their call, once;
//   3. a call has a name and an id;
//   4. every text is valid UTF-8 once unescaped, what is JSON is JSON;
//   5. a stream is complete exactly when every choice told of has finished.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/json/utf8.h"
#include "sluice/json/value.h"
#include "sluice/llm/gemini_reader.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

class Checker : public ChatSink {
 public:
  explicit Checker(bool has_custom_tools) : has_custom_tools_(has_custom_tools) {}

  void take(const ChatEvent& event) override {
    SLUICE_ASSERT((event.kind == ChatEventKind::started) == !started_);
    started_ = true;
    check_text(event.text);
    check_text(event.id);
    check_text(event.name);
    check_text(event.model);
    if (event.kind == ChatEventKind::started || event.kind == ChatEventKind::usage) return;
    Choice& choice = choices_[event.choice];
    SLUICE_ASSERT(!choice.finished);
    SLUICE_ASSERT(choice.call_open == (event.kind == ChatEventKind::tool_arguments));
    check_kind(event, choice);
  }

  [[nodiscard]] bool all_finished() const {
    return std::ranges::all_of(choices_, [](const auto& entry) { return entry.second.finished; });
  }
  [[nodiscard]] bool any() const { return !choices_.empty(); }

 private:
  struct Choice {
    bool finished = false;
    bool call_open = false;
    std::uint32_t calls = 0;
  };

  void check_kind(const ChatEvent& event, Choice& choice) {
    if (event.kind == ChatEventKind::tool_call) {
      SLUICE_ASSERT(event.call == choice.calls++);
      SLUICE_ASSERT(!event.id.empty() && !event.name.empty());
      choice.call_open = true;
    } else if (event.kind == ChatEventKind::tool_arguments) {
      SLUICE_ASSERT(event.call + 1 == choice.calls);
      choice.call_open = false;
      const std::string arguments = plain(event.text);
      if (!has_custom_tools_) SLUICE_ASSERT(index_.build(arguments).has_value());
    } else if (event.kind == ChatEventKind::citation) {
      SLUICE_ASSERT(index_.build(event.json).has_value());
    } else if (event.kind == ChatEventKind::logprobs) {
      SLUICE_ASSERT(index_.build("[" + std::string(event.json) + "]").has_value());
      SLUICE_ASSERT(!event.json.empty());
    } else if (event.kind == ChatEventKind::finished) {
      choice.finished = true;
    }
  }

  static std::string plain(json::Text text) {
    std::string scratch;
    return std::string(text.plain(scratch));
  }
  static void check_text(json::Text text) { SLUICE_ASSERT(json::is_utf8(plain(text))); }

  const bool has_custom_tools_;
  bool started_ = false;
  std::map<std::uint32_t, Choice> choices_;
  json::Index index_{{.depth_max = 256}};
};

AskedFor asked_for(std::uint8_t choice) {
  AskedFor asked{.provider = "google"};
  if ((choice & 1) != 0) asked.output_tool = "f";
  if ((choice & 2) != 0) asked.custom_tools = "g\n";
  if ((choice & 4) != 0) asked.renamed_tools = {{.sent = "h", .name = "1h"}};
  asked.searches = (choice & 8) != 0;
  return asked;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  const AskedFor asked = asked_for(data[0]);
  json::Index index;

  Checker whole_checker(!asked.custom_tools.empty());
  GeminiReader whole(asked);
  const auto error = whole.read_whole(text, index, whole_checker);
  if (!error) SLUICE_ASSERT(whole_checker.any() && whole_checker.all_finished());

  Checker checker(!asked.custom_tools.empty());
  GeminiReader stream(asked);
  bool failed = false;
  while (!text.empty() && !failed) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const ReadResult result = stream.read_event("", text.substr(0, end), index, checker);
    failed = result.error.has_value();
    SLUICE_ASSERT(!failed || !result.error->message.empty());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const StreamEnd end = stream.finish(checker);
  SLUICE_ASSERT(failed == (end == StreamEnd::failed));
  SLUICE_ASSERT((end == StreamEnd::complete) == (checker.any() && checker.all_finished()));
  return 0;
}
