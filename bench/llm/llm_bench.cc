// Questions: what does it cost to understand a 1 KiB chat request; to make its body for upstream;
// to tell what one delta of a stream means? Corpus: made here, in the shape of recorded traffic.
#include <benchmark/benchmark.h>

#include <string>

#include "sluice/llm/openai_request.h"
#include "sluice/llm/openai_stream.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

std::string chat_body() {
  std::string text;
  while (text.size() < 900) text += "Tell me about the fox and the dog. ";
  return R"({"model":"fast","stream":true,"messages":[{"role":"user","content":")" + text + "\"}]}";
}

void BM_UnderstandChat(benchmark::State& state) {
  const std::string body = chat_body();
  const Endpoint endpoint = *find_endpoint("POST", "/v1/chat/completions");
  json::Index index;
  for (auto _ : state) {
    const auto request = understand_openai_json(endpoint, body, index);
    if (!request || !request->usage_added) state.SkipWithError("wrong: the time is void");
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(body));
}
BENCHMARK(BM_UnderstandChat);

void BM_UpstreamBody(benchmark::State& state) {
  const Slice body = Slice::copy_of(chat_body());
  const Endpoint endpoint = *find_endpoint("POST", "/v1/chat/completions");
  json::Index index;
  const auto request = understand_openai_json(endpoint, body.view(), index);
  if (!request) {
    state.SkipWithError("refused: there is nothing to time");
    return;
  }
  for (auto _ : state) {
    const SliceChain chain = openai_upstream_body(*request, body, "gpt-5-mini");
    if (chain.count() != 5) state.SkipWithError("wrong: the time is void");
  }
}
BENCHMARK(BM_UpstreamBody);

void inspect(benchmark::State& state, std::string_view data, StreamEventKind kind) {
  json::Index index;
  AnswerShapes shapes;
  OpenaiStream stream(Operation::chat_completions, "openai", shapes);
  for (auto _ : state) {
    const StreamEvent event = stream.inspect("", data, index);
    if (event.kind != kind) state.SkipWithError("wrong: the time is void");
  }
}

void BM_InspectDelta(benchmark::State& state) {
  inspect(
      state,
      R"({"id":"chatcmpl-Bxf0aVnQ7mGqJ3hH8yT1z5kR2cUoP","object":"chat.completion.chunk","created":1753357142,"model":"gpt-4.1-mini-2025-04-14","service_tier":"default","system_fingerprint":"fp_658b958c37","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"a1b2c3d4"})",
      StreamEventKind::content);
}
BENCHMARK(BM_InspectDelta);

void BM_InspectUsage(benchmark::State& state) {
  inspect(
      state,
      R"({"id":"chatcmpl-Bxf0aVnQ7mGqJ3hH8yT1z5kR2cUoP","object":"chat.completion.chunk","created":1753357142,"model":"gpt-4.1-mini-2025-04-14","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}})",
      StreamEventKind::usage_only);
}
BENCHMARK(BM_InspectUsage);

}  // namespace
