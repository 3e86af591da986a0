// Question: what does it cost to read a stream of Anthropic's into chat events?
// Corpus: one recorded stream of 105 events (bench/corpus/README.md says where it comes from),
// split before the clock runs.
#include "sluice/llm/anthropic_reader.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "support/corpus.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

constexpr std::size_t corpus_text_bytes = 951;  // as they stand in the JSON
constexpr std::uint64_t corpus_output_tokens = 206;

// Adds up what it is told, so that nothing can be left out.
class Sum : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    if (event.kind == ChatEventKind::text) bytes += event.text.bytes.size();
    if (event.kind == ChatEventKind::usage) output_tokens = event.usage.output.value_or(0);
  }
  std::size_t bytes = 0;
  std::uint64_t output_tokens = 0;
};

// What follows "data: " on each line.
std::vector<std::string> load_events() {
  std::vector<std::string> events;
  const std::string wire = bench::load_corpus("anthropic_deltas.sse");
  for (std::size_t at = wire.find("data: "); at != wire.npos; at = wire.find("\ndata: ", at)) {
    at = wire.find('{', at);
    events.push_back(wire.substr(at, wire.find('\n', at) - at));
  }
  return events;
}

void BM_ReadAnthropicStream(benchmark::State& state) {
  const std::vector<std::string> events = load_events();
  json::Index index;
  for (auto _ : state) {
    AnthropicReader reader({});
    Sum sum;
    for (const std::string& event : events) {
      benchmark::DoNotOptimize(reader.read_event("", event, index, sum));
    }
    if (reader.finish(sum) != StreamEnd::complete || sum.bytes != corpus_text_bytes ||
        sum.output_tokens != corpus_output_tokens) {
      state.SkipWithError("the stream was not read: the time is void");
    }
  }
  state.SetItemsProcessed(state.iterations() * std::ssize(events));
}
BENCHMARK(BM_ReadAnthropicStream);

}  // namespace
