// Question: what does it cost to take a streamed completion apart, chunk by chunk and event by
// event? Corpus: 304 recorded events; bench/corpus/README.md says where they come from.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "sluice/http/chunked.h"
#include "sluice/http/sse.h"
#include "support/corpus.h"

namespace {

using namespace sluice;
using namespace sluice::http;

constexpr std::int64_t corpus_events = 304;

std::string load_deltas() { return bench::load_corpus("openai_chat_deltas.sse"); }

// In reads of the given size, as a socket gives them; the time includes sharing the slices.
void BM_SplitChatDeltas(benchmark::State& state) {
  const std::string wire = load_deltas();
  const auto read_bytes = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    SseParser parser;
    SseEvent event;
    std::int64_t events = 0;
    for (std::size_t at = 0; at < wire.size(); at += read_bytes) {
      parser.feed(Slice::of_static(std::string_view(wire).substr(at, read_bytes)));
      while (parser.next(event) == SseStatus::event) {
        benchmark::DoNotOptimize(event.data);
        ++events;
      }
    }
    if (events != corpus_events) state.SkipWithError("events lost: the time is void");
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(wire));
  state.SetItemsProcessed(state.iterations() * corpus_events);
}
BENCHMARK(BM_SplitChatDeltas)->Arg(1 << 20)->Arg(16 << 10)->Arg(1 << 10)->Arg(128);

// One chunk per event, as providers send them.
void BM_DecodeChunkedDeltas(benchmark::State& state) {
  const std::string body = load_deltas();
  std::string wire;
  std::int64_t chunks = 0;
  for (std::size_t at = 0; at < body.size(); ++chunks) {
    const std::size_t end = body.find("\n\n", at) + 2;
    wire.append(ChunkPrefix(end - at).view()).append(body, at, end - at).append(chunk_suffix);
    at = end;
  }
  wire.append(last_chunk);
  for (auto _ : state) {
    ChunkedDecoder decoder;
    std::string_view rest = wire;
    std::size_t bytes = 0;
    ChunkedStep step;
    do {
      step = decoder.next(rest);
      rest.remove_prefix(step.bytes_consumed);
      bytes += step.data.size();
    } while (step.status == ChunkedStatus::data);
    if (chunks != corpus_events || bytes != body.size() || step.status != ChunkedStatus::complete) {
      state.SkipWithError("body lost: the time is void");
    }
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(wire));
  state.SetItemsProcessed(state.iterations() * corpus_events);
}
BENCHMARK(BM_DecodeChunkedDeltas);

void BM_WriteChunkPrefix(benchmark::State& state) {
  std::uint64_t size = 300;
  for (auto _ : state) {
    benchmark::DoNotOptimize(size);
    const ChunkPrefix prefix(size);
    benchmark::DoNotOptimize(prefix.view());
  }
  if (ChunkPrefix(size).view() != "12c\r\n") state.SkipWithError("wrong: the time is void");
}
BENCHMARK(BM_WriteChunkPrefix);

}  // namespace
