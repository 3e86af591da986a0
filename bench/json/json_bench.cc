// Questions: what does it cost to prove a request body valid and index it, by size and kind; what
// to walk its top; what to splice a new model name into it? Corpus: two recorded requests, one of
// them grown by repeating its turns (bench/corpus/README.md says where they come from); and made
// here, for sizes and kinds nobody recorded: chats of escaped prose, and one with a base64 image
// for a message.
#include <benchmark/benchmark.h>

#include <string>

#include "sluice/json/splice.h"
#include "sluice/json/value.h"
#include "support/corpus.h"

namespace {

using namespace sluice;

std::string chat_body(std::size_t size_bytes) {
  std::string body = R"({"model":"fast","stream":true,"temperature":0.7,"messages":[)";
  const std::string_view prose =
      R"(The quick brown fox said: \"Jump over the lazy dog\".\nThen it did, \u00e9l\u00e9gamment. )";
  while (body.size() + 400 < size_bytes) {
    if (body.back() == '}') body += ',';
    body += R"({"role":"user","content":")";
    for (int i = 0; i < 3; ++i) body += prose;
    body += "\"}";
  }
  if (body.back() == '}') body += ',';
  body += R"({"role":"user","content":"Go on."}],"user":"ada"})";
  return body;
}

std::string image_body(std::size_t size_bytes) {
  std::string body =
      R"({"model":"fast","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,)";
  while (body.size() + 20 < size_bytes) body += "iVBORw0KGgoAAAANSUhEUgAAAA";
  return body + R"("}}]}]})";
}

// The recorded turns again and again, up to `size_bytes` of them or once.
std::string recorded_turns(std::size_t size_bytes) {
  constexpr std::string_view before = R"("input":[)";
  constexpr std::string_view behind = R"(],"stream")";
  std::string body = bench::load_corpus("openai_responses_request.json");
  const std::size_t begin = body.find(before);
  const std::size_t end = body.find(behind);
  if (begin == std::string::npos || end == std::string::npos) return {};
  const std::size_t first = begin + before.size();
  const std::string turns = "," + body.substr(first, end - first);
  std::string more;
  while (body.size() + more.size() + turns.size() <= size_bytes) more += turns;
  return body.insert(end, more);
}

void index_text(benchmark::State& state, const std::string& body) {
  json::Index index({.retained_bytes_max = std::size_t{4} << 20});
  for (auto _ : state) {
    const auto built = index.build(body);
    if (!built) state.SkipWithError("refused: the time is void");
    benchmark::DoNotOptimize(index.tokens_count());
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(body));
}

void BM_IndexChat(benchmark::State& state) {
  index_text(state, chat_body(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(BM_IndexChat)->Arg(1 << 10)->Arg(16 << 10)->Arg(100 << 10)->Arg(1 << 20);

void BM_IndexImage(benchmark::State& state) {
  index_text(state, image_body(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(BM_IndexImage)->Arg(100 << 10)->Arg(1 << 20);

void BM_IndexRecordedTurns(benchmark::State& state) {
  index_text(state, recorded_turns(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(BM_IndexRecordedTurns)->Arg(10 << 10)->Arg(100 << 10)->Arg(1 << 20);

// 16 KiB, nearly all of it one string.
void BM_IndexRecordedTool(benchmark::State& state) {
  index_text(state, bench::load_corpus("openai_chat_tool_request.json"));
}
BENCHMARK(BM_IndexRecordedTool);

void BM_WalkTop(benchmark::State& state) {
  const std::string body = chat_body(16 << 10);
  json::Index index;
  if (!index.build(body)) {
    state.SkipWithError("refused: there is nothing to time");
    return;
  }
  for (auto _ : state) {
    const auto user = json::root(index).find("user");
    if (!user || !user->string_equals("ada")) state.SkipWithError("not found: the time is void");
  }
}
BENCHMARK(BM_WalkTop);

// Nothing is copied, so the size must not show.
void BM_Splice(benchmark::State& state) {
  const Slice body = Slice::copy_of(chat_body(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state) {
    json::Splice splice;
    splice.replace({9, 6}, Slice::of_static("\"gpt-5-mini\""));
    const SliceChain chain = splice.apply(body);
    if (chain.size_bytes() != body.size() + 6) state.SkipWithError("wrong: the time is void");
  }
}
BENCHMARK(BM_Splice)->Arg(1 << 10)->Arg(1 << 20);

}  // namespace
