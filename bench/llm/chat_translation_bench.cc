// Question: what does it cost to read a caller's chat, and to write it for a provider of each
// dialect?
// Corpus: a conversation of 20 turns with a tool loop in each, 24 KB, as OpenAI's client sends it.
#include <benchmark/benchmark.h>

#include <string>

#include "sluice/llm/answer_translation.h"
#include "sluice/llm/chat_translation.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

std::string conversation() {
  const std::string prose(600, 'w');
  std::string body = R"({"model":"m","max_tokens":1000,"tools":[{"type":"function","function":)"
                     R"({"name":"weather","description":"Says how it is.","parameters":)"
                     R"({"type":"object","properties":{"city":{"type":"string"}}}}}],"messages":[)"
                     R"({"role":"system","content":"Be brief."})";
  for (int turn = 0; turn < 20; ++turn) {
    const std::string id = "call_" + std::to_string(turn);
    body += R"(,{"role":"user","content":"How is it?\n)" + prose + R"("},)";
    body += R"({"role":"assistant","content":null,"tool_calls":[{"id":")" + id +
            R"(","type":"function","function":{"name":"weather",)"
            R"("arguments":"{\"city\":\"Oslo\"}"}}]},)";
    body += R"({"role":"tool","tool_call_id":")" + id + R"(","content":"Rain, \"heavy\"."},)";
    body += R"({"role":"assistant","content":")" + prose + R"("})";
  }
  return body + R"(,{"role":"user","content":"And the last word?"}]})";
}

void BM_ReadOpenaiChat(benchmark::State& state) {
  const std::string body = conversation();
  json::Index index;
  for (auto _ : state) {
    const auto request = read_chat(Operation::chat_completions, body, index);
    if (!request || request->messages.size() != 82) {
      state.SkipWithError("misread: the time is void");
      break;
    }
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(body));
}
BENCHMARK(BM_ReadOpenaiChat);

void write_for(benchmark::State& state, ChatDialect dialect) {
  const std::string body = conversation();
  json::Index index;
  const auto request = read_chat(Operation::chat_completions, body, index);
  const ModelTraits traits;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto call =
        write_chat_call(dialect, *request, {.upstream_model = "up", .traits = traits}, index);
    if (!call || !call->body.contains("And the last word?") || !call->dropped.empty()) {
      state.SkipWithError("not written whole: the time is void");
      break;
    }
    bytes = call->body.size();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void BM_WriteForOpenai(benchmark::State& state) { write_for(state, ChatDialect::openai); }
BENCHMARK(BM_WriteForOpenai);
void BM_WriteForResponses(benchmark::State& state) { write_for(state, ChatDialect::responses); }
BENCHMARK(BM_WriteForResponses);
void BM_WriteForAnthropic(benchmark::State& state) { write_for(state, ChatDialect::anthropic); }
BENCHMARK(BM_WriteForAnthropic);
void BM_WriteForGemini(benchmark::State& state) { write_for(state, ChatDialect::gemini); }
BENCHMARK(BM_WriteForGemini);
void BM_WriteForBedrock(benchmark::State& state) { write_for(state, ChatDialect::bedrock); }
BENCHMARK(BM_WriteForBedrock);

// Question: what does an event cost on its whole way, from one dialect's stream into another's?
// Corpus: 64 events of a few letters each, framing excluded; text as it comes in most streams.
void translate(benchmark::State& state, ChatDialect dialect, Operation operation,
               std::string_view begin, std::string_view piece) {
  json::Index index;
  constexpr int pieces = 64;
  for (auto _ : state) {
    AnswerTranslation translation(
        make_chat_reader(dialect, {.provider = "p"}),
        make_chat_writer(operation, true, {.request_id = "r", .provider = "p", .model = "m"}), "p");
    if (!begin.empty()) (void)translation.event("", begin, index);
    for (int i = 0; i < pieces; ++i) (void)translation.event("", piece, index);
    const std::string written = translation.take_bytes();
    if (translation.take_events() < pieces || !written.contains("lo, w")) {
      state.SkipWithError("events lost: the time is void");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * pieces);
  state.SetBytesProcessed(state.iterations() * pieces * std::ssize(piece));
}

constexpr std::string_view openai_piece =
    R"({"id":"c","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"content":"lo, w"},"finish_reason":null}]})";
constexpr std::string_view anthropic_begin =
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})";
constexpr std::string_view anthropic_piece =
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo, w"}})";
constexpr std::string_view gemini_piece =
    R"({"candidates":[{"content":{"parts":[{"text":"lo, w"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":17,"totalTokenCount":40},"modelVersion":"g","responseId":"r"})";

void BM_OpenaiToAnthropic(benchmark::State& state) {
  translate(state, ChatDialect::openai, Operation::messages, "", openai_piece);
}
BENCHMARK(BM_OpenaiToAnthropic);
void BM_AnthropicToOpenai(benchmark::State& state) {
  translate(state, ChatDialect::anthropic, Operation::chat_completions, anthropic_begin,
            anthropic_piece);
}
BENCHMARK(BM_AnthropicToOpenai);
void BM_AnthropicToResponses(benchmark::State& state) {
  translate(state, ChatDialect::anthropic, Operation::responses, anthropic_begin, anthropic_piece);
}
BENCHMARK(BM_AnthropicToResponses);
void BM_GeminiToOpenai(benchmark::State& state) {
  translate(state, ChatDialect::gemini, Operation::chat_completions, "", gemini_piece);
}
BENCHMARK(BM_GeminiToOpenai);

// The same by runs, straight from the bytes of the stream.
void BM_AnthropicToOpenaiInRuns(benchmark::State& state) {
  constexpr std::uint32_t pieces = 64;
  std::string stream;
  for (std::uint32_t i = 0; i < pieces; ++i) {
    stream += "event: content_block_delta\ndata: " + std::string(anthropic_piece) + "\n\n";
  }
  json::Index index;
  for (auto _ : state) {
    AnswerTranslation translation(
        make_chat_reader(ChatDialect::anthropic, {.provider = "p"}),
        make_chat_writer(Operation::chat_completions, true,
                         {.request_id = "r", .provider = "p", .model = "m"}),
        "p");
    (void)translation.event("", anthropic_begin, index);
    (void)translation.event("", anthropic_piece, index);
    EventRun run;
    (void)translation.run(stream, 100'000, run);
    const std::string written = translation.take_bytes();
    if (run.count != pieces || translation.take_events() <= pieces) {
      state.SkipWithError("events lost: the time is void");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * pieces);
  state.SetBytesProcessed(state.iterations() * std::ssize(stream));
}
BENCHMARK(BM_AnthropicToOpenaiInRuns);

}  // namespace
