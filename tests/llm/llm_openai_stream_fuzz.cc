// Fuzzes stream inspection: byte 0 chooses the operation, the rest are events, one per line.
//   1. an event is malformed exactly when it is neither a JSON object nor one of the two that are
//      no JSON (nothing, [DONE]);
//   2. an error record comes with kind error and only there, fit to be rendered;
//   3. a finish, [DONE] or error is needed for a stream not to look truncated, and behind a [DONE]
//      with no finish a count of the tokens;
//   4. an event known without inspection is one that a fresh inspection calls content;
//   5. what earlier events, streams and answers taught changes nothing: a fresh inspection says the
//      same of each, and a stream ends as one does that nothing was known of.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/llm/openai_response.h"
#include "sluice/llm/openai_stream.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

// The events of the input, one per line.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

StreamEvent look_afresh(Operation operation, std::string_view event_data, json::Index& index) {
  AnswerShapes none;
  return OpenaiStream(operation, "acme", none).inspect("", event_data, index);
}

// Property 5 of one stream more at a deployment.
void follow_stream(Operation operation, const std::vector<std::string_view>& lines,
                   AnswerShapes& shapes, json::Index& index) {
  OpenaiStream warm(operation, "acme", shapes);
  AnswerShapes own;
  OpenaiStream cold(operation, "acme", own);
  for (const std::string_view line : lines) {
    const StreamEvent event = warm.inspect("", line, index);
    (void)cold.inspect("", line, index);
    const StreamEvent fresh = look_afresh(operation, line, index);
    SLUICE_ASSERT(event.kind == fresh.kind);
    SLUICE_ASSERT(event.carries_content == fresh.carries_content);
    SLUICE_ASSERT(event.usage == fresh.usage);
    SLUICE_ASSERT(event.is_last == fresh.is_last);
    SLUICE_ASSERT(!event.tag_place || event.tag_place == fresh.tag_place);
  }
  SLUICE_ASSERT(warm.end() == cold.end());
  SLUICE_ASSERT(warm.usage() == cold.usage());
}

// Property 5 of whole answers.
void read_answer(Operation operation, std::string_view body, AnswerShapes& shapes,
                 json::Index& index) {
  AnswerShapes none;
  const ResponseFacts warm = inspect_openai_response(operation, "acme", body, index, shapes);
  const ResponseFacts fresh = inspect_openai_response(operation, "acme", body, index, none);
  SLUICE_ASSERT(warm.usage == fresh.usage);
  SLUICE_ASSERT(warm.error.has_value() == fresh.error.has_value());
  SLUICE_ASSERT(warm.tag_place == fresh.tag_place);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  constexpr std::array<Operation, 5> operations = {
      Operation::chat_completions, Operation::completions, Operation::responses,
      Operation::images_generations, Operation::audio_transcriptions};
  const Operation operation = operations[data[0] % operations.size()];
  AnswerShapes shapes;
  OpenaiStream stream(operation, "acme", shapes);
  json::Index index;
  const auto lines = lines_of({reinterpret_cast<const char*>(data) + 1, size_bytes - 1});
  for (int streams = 0; streams < 3; ++streams) {
    follow_stream(operation, lines, shapes, index);
    for (const std::string_view line : lines) read_answer(operation, line, shapes, index);
  }
  bool may_have_ended = false;
  for (const std::string_view event_data : lines) {
    const std::string framed = "data: " + std::string(event_data) + "\n\n";
    const auto known = stream.known_events(framed, framed.size());
    SLUICE_ASSERT(known.count <= 1 && known.size_bytes == known.count * framed.size());
    if (known.count == 1) {
      const StreamEvent event = look_afresh(operation, event_data, index);
      SLUICE_ASSERT(event.kind == StreamEventKind::content && !event.usage.known());
    }

    const StreamEvent event = stream.inspect("", event_data, index);
    const bool is_object =
        index.build(event_data).has_value() && json::root(index).is(json::Kind::object);
    const bool is_plain = event.kind == StreamEventKind::done ||
                          (event.kind == StreamEventKind::lifecycle && !is_object);
    if (is_plain) SLUICE_ASSERT(event_data.size() < 16);
    if (!is_plain) SLUICE_ASSERT((event.kind == StreamEventKind::malformed) == !is_object);
    SLUICE_ASSERT(event.error.has_value() == (event.kind == StreamEventKind::error));
    if (event.error) {
      SLUICE_ASSERT(!event.error->message.empty());
      SLUICE_ASSERT(index.build(render_error_body(*event.error, Dialect::openai, "r")).has_value());
    }
    may_have_ended = may_have_ended || event.kind == StreamEventKind::finish ||
                     event.kind == StreamEventKind::done || event.kind == StreamEventKind::error;
    if (!may_have_ended) SLUICE_ASSERT(stream.end() == StreamEnd::truncated);
  }
  return 0;
}
