// Question: what does it cost to read a stream of Bedrock's into chat events, and a whole answer?
// Corpus: one recorded stream of 67 messages (bench/corpus/README.md says where it comes from), its
// messages split before the clock runs; and its text and calls as one answer.
#include "sluice/llm/bedrock_reader.h"

#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "sluice/http/aws_event_stream.h"
#include "support/corpus.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

constexpr std::uint64_t corpus_input_tokens = 415;

// Adds up what it is told, so that nothing can be left out.
class Sum : public ChatSink {
 public:
  void take(const ChatEvent& event) override {
    bytes += event.text.bytes.size();
    finished = finished || event.kind == ChatEventKind::finished;
    if (event.kind == ChatEventKind::usage) input_tokens = event.usage.input.value_or(0);
  }
  std::size_t bytes = 0;
  std::uint64_t input_tokens = 0;
  bool finished = false;
};

std::vector<std::pair<std::string, std::string>> load_messages() {
  std::vector<std::pair<std::string, std::string>> messages;
  http::AwsEventStreamParser parser;
  http::AwsMessage message;
  parser.feed(Slice::take(bench::load_corpus("bedrock_converse_deltas.eventstream")));
  while (parser.next(message) == http::AwsEventStreamStatus::event) {
    messages.emplace_back(message.name, message.payload);
  }
  return messages;
}

void BM_ReadBedrockStream(benchmark::State& state) {
  const auto messages = load_messages();
  json::Index index;
  for (auto _ : state) {
    BedrockReader reader({});
    Sum sum;
    for (const auto& [name, payload] : messages) {
      benchmark::DoNotOptimize(reader.read_event(name, payload, index, sum));
    }
    if (reader.finish(sum) != StreamEnd::complete || sum.input_tokens != corpus_input_tokens) {
      state.SkipWithError("the stream was not read: the time is void");
    }
  }
  state.SetItemsProcessed(state.iterations() * std::ssize(messages));
}
BENCHMARK(BM_ReadBedrockStream);

void BM_ReadBedrockAnswer(benchmark::State& state) {
  const std::string body =
      R"({"metrics":{"latencyMs":1},"output":{"message":{"content":[{"text":")" +
      std::string(700, 'a') +
      R"("},{"toolUse":{"input":{"location":"Seattle"},"name":"get_current_weather","toolUseId":)"
      R"("tooluse_1"}}],"role":"assistant"}},"stopReason":"tool_use","usage":{"inputTokens":415,)"
      R"("outputTokens":202,"totalTokens":617}})";
  json::Index index;
  for (auto _ : state) {
    BedrockReader reader({});
    Sum sum;
    benchmark::DoNotOptimize(reader.read_whole(body, index, sum));
    if (!sum.finished || sum.input_tokens != corpus_input_tokens) {
      state.SkipWithError("the answer was not read: the time is void");
    }
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(body));
}
BENCHMARK(BM_ReadBedrockAnswer);

}  // namespace
