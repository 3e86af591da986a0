// Question: what does it cost to know who is calling, among few keys and among many?
// Corpus: keys made here, as `sluice keygen` makes them.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <vector>

#include "sluice/policy/key_ring.h"

namespace sluice::policy {
namespace {

struct Keys {
  explicit Keys(std::size_t count) {
    std::vector<KeyConfig> configs(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto made = generate_key();
      if (!made) return;
      configs[i].name = "key-" + std::to_string(i);
      configs[i].hash = made->hash;
      last = made->key.reveal();
    }
    if (auto built = KeyRing::build(configs)) ring = std::move(*built);
  }
  KeyRing ring;
  std::string last;  // a right key
};

void check(benchmark::State& state, const KeyRing& ring, std::string_view presented,
           bool is_known) {
  for (auto _ : state) {
    const Caller* caller = ring.authenticate(presented);
    if ((caller != nullptr) != is_known) {
      state.SkipWithError("a wrong verdict: the time is void");
      break;
    }
  }
}

void BM_KeyRight(benchmark::State& state) {
  const Keys keys(static_cast<std::size_t>(state.range(0)));
  check(state, keys.ring, keys.last, true);
}
BENCHMARK(BM_KeyRight)->ArgName("keys")->Arg(1)->Arg(1'000)->Arg(50'000);

// As dear as a right one, by intent.
void BM_KeyUnknown(benchmark::State& state) {
  const Keys keys(static_cast<std::size_t>(state.range(0)));
  const Keys others(1);
  check(state, keys.ring, others.last, false);
}
BENCHMARK(BM_KeyUnknown)->ArgName("keys")->Arg(1'000);

// Its checksum tells.
void BM_KeyMistyped(benchmark::State& state) {
  const Keys keys(static_cast<std::size_t>(state.range(0)));
  std::string presented = keys.last;
  if (!presented.empty()) presented.back() = presented.back() == 'a' ? 'b' : 'a';
  check(state, keys.ring, presented, false);
}
BENCHMARK(BM_KeyMistyped)->ArgName("keys")->Arg(1'000);

}  // namespace
}  // namespace sluice::policy
