// Question: what does it cost to read one event of a Gemini stream, and to find what it says?
// Corpus: one event of text and one with a tool call, in the shape of recorded traffic.
#include <benchmark/benchmark.h>

#include <string>

#include "sluice/llm/gemini_reader.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

class Counter : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    if (event.kind == ChatEventKind::text) text_bytes += event.text.bytes.size();
    if (event.kind == ChatEventKind::tool_arguments) ++calls;
  }
  std::size_t text_bytes = 0;
  std::size_t calls = 0;
};

constexpr std::string_view text_event =
    R"({"candidates": [{"content": {"parts": [{"text": " rain throughout the day.\n\nThe forecast for the remainder of the day predicts sunny skies with highs"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 17,"candidatesTokenCount": 137,"totalTokenCount": 668,"promptTokensDetails": [{"modality": "TEXT","tokenCount": 17}],"thoughtsTokenCount": 412},"modelVersion": "gemini-2.5-pro","responseId": "ftnJaMmAMcm-qtsPwvCCoAo"})";

constexpr std::string_view call_event =
    R"({"candidates": [{"content": {"parts": [{"functionCall": {"name": "get_weather","args": {"city": "Paris","unit": "celsius"}}}],"role": "model"},"finishReason": "STOP","index": 0}],"usageMetadata": {"promptTokenCount": 17,"candidatesTokenCount": 20,"totalTokenCount": 37},"modelVersion": "gemini-2.5-pro","responseId": "ftnJaMmAMcm-qtsPwvCCoAo"})";

void read(benchmark::State& state, std::string_view event, std::size_t text_bytes,
          std::size_t calls) {
  GeminiReader reader({.provider = "google"});
  json::Index index;
  for (auto _ : state) {
    Counter counter;
    const ReadResult result = reader.read_event("", event, index, counter);
    if (result.error || counter.text_bytes != text_bytes || counter.calls != calls) {
      state.SkipWithError("wrong: the time is void");
    }
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(event));
}

void BM_ReadGeminiText(benchmark::State& state) { read(state, text_event, 102, 0); }
BENCHMARK(BM_ReadGeminiText);

void BM_ReadGeminiCall(benchmark::State& state) { read(state, call_event, 0, 1); }
BENCHMARK(BM_ReadGeminiCall);

}  // namespace
