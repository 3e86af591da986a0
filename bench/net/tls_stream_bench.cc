// Question: what does one TLS record cost, written and read, through TlsStream?
// Corpus: bytes that do not matter to a cipher. Each round writes `size` bytes on one end and reads
// them on the other, in memory, so the figure is both directions together.
#include <benchmark/benchmark.h>

#include <coroutine>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "net/tls_fixture.h"

namespace sluice::net {
namespace {

struct Link {
  Link() {
    const auto server = testing::server_context({"localhost"});
    const auto client = testing::client_context();
    made = testing::shake_hands(executor, testing::MemoryPair(executor), *server, *client);
    if (!made->ok()) std::abort();
  }
  sluice::testing::ManualExecutor executor;
  std::optional<testing::Handshake> made;
};

// Lifetime: the benchmark owns all of it and runs this to its end.
Task<void> write_and_read(Stream& writer, Stream& reader, SliceChain chain, std::size_t& got) {
  const std::size_t size = chain.size_bytes();
  if (!co_await writer.write(std::move(chain), {})) co_return;
  for (got = 0; got < size;) {
    Result<SliceChain> part = co_await reader.read({});
    if (!part) co_return;
    got += part->size_bytes();
  }
}

void BM_TlsRecord(benchmark::State& state) {
  Link link;
  const auto size = static_cast<std::size_t>(state.range(0));
  const Slice text = Slice::take(testing::pattern(size));
  for (auto _ : state) {
    std::size_t got = 0;
    SliceChain chain;
    chain.push(text.share());
    testing::run_on(link.executor,
                    write_and_read(**link.made->server.value(), **link.made->client.value(),
                                   std::move(chain), got));
    if (got != size) state.SkipWithError("bytes lost: the time is void");
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_TlsRecord)->Arg(256)->Arg(16 * 1024)->Arg(128 * 1024);

// Question: what does a handshake cost, both sides together, new and resumed?
void BM_TlsHandshake(benchmark::State& state) {
  const bool resume = state.range(0) != 0;
  const auto server = testing::server_context({"localhost"});
  auto client = testing::client_context();
  for (auto _ : state) {
    sluice::testing::ManualExecutor executor;
    testing::Handshake made =
        testing::shake_hands(executor, testing::MemoryPair(executor), *server, *client);
    if (!made.ok()) {
      state.SkipWithError("no handshake: the time is void");
      break;
    }
    state.PauseTiming();
    std::size_t got = 0;
    SliceChain chain;  // brings the tickets
    chain.push(Slice::of_static("x"));
    testing::run_on(executor, write_and_read(**made.server.value(), **made.client.value(),
                                             std::move(chain), got));
    if (!resume) client = testing::client_context();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_TlsHandshake)->Arg(0)->Arg(1);

}  // namespace
}  // namespace sluice::net
