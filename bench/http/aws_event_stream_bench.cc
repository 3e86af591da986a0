// Question: what does it cost to split a stream of Bedrock's into messages, both checksums of each
// verified? Corpus: one recorded stream of 67 messages; bench/corpus/README.md says where it comes
// from.
#include "sluice/http/aws_event_stream.h"

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "support/corpus.h"

namespace {

using namespace sluice;
using namespace sluice::http;

constexpr std::int64_t corpus_messages = 67;

// In reads of the given size, as a socket gives them; the time includes sharing the slices.
void BM_SplitBedrockDeltas(benchmark::State& state) {
  const std::string wire = bench::load_corpus("bedrock_converse_deltas.eventstream");
  const auto read_bytes = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    AwsEventStreamParser parser;
    AwsMessage message;
    std::int64_t messages = 0;
    for (std::size_t at = 0; at < wire.size(); at += read_bytes) {
      parser.feed(Slice::of_static(std::string_view(wire).substr(at, read_bytes)));
      while (parser.next(message) == AwsEventStreamStatus::event) {
        benchmark::DoNotOptimize(message.payload);
        ++messages;
      }
    }
    if (messages != corpus_messages) state.SkipWithError("messages lost: the time is void");
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(wire));
  state.SetItemsProcessed(state.iterations() * corpus_messages);
}
BENCHMARK(BM_SplitBedrockDeltas)->Arg(1 << 20)->Arg(16 << 10)->Arg(1 << 10)->Arg(128);

}  // namespace
