#include "sluice/ring/sim/sim_world.h"

#include <fmt/core.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "sluice/coro/scope.h"

namespace sluice::ring::sim {
namespace {

// Beyond this after the root's end, what is left will not close by itself: longer than Linux
// retries a connect.
constexpr Duration closing_max = std::chrono::minutes(10);

std::uint64_t seed_running = 0;

// Async-signal-safe: the assertion that aborts knows nothing of seeds.
void print_seed(int) {
  char text[80] = "aborted while simulating; repeat with SLUICE_SIM_SEED=";
  char* end = std::to_chars(text + std::strlen(text), text + sizeof(text) - 1, seed_running).ptr;
  *end++ = '\n';
  if (write(STDERR_FILENO, text, static_cast<std::size_t>(end - text)) < 0) return;
}

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  std::uint64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, value);
  return parsed.ec == std::errc{} && parsed.ptr == end ? value : otherwise;
}

// The turn in which the root ends must not go on to wait for what comes next, or for nothing.
// Lifetime: the world outlives the task.
Task<void> then_wake(Task<void> root, Backend& backend) {
  co_await std::move(root);
  backend.wake();
}

}  // namespace

// The order matters: coroutines go before the loop, the loop before the back-end.
struct SimWorld::State {
  State(std::uint64_t seed, const SimConfig& config) : backend(seed, config), loop(backend, seed) {}
  SimBackend backend;
  Loop loop;
  Scope scope;
};

SimWorld::SimWorld(std::uint64_t seed, const SimConfig& config)
    : state_(std::make_unique<State>(seed, config)) {
  seed_running = seed;
}

SimWorld SimWorld::drawn(std::uint64_t seed) {
  Random random(~seed);  // not the numbers that the run itself will draw
  return SimWorld(seed, SimConfig::draw(random));
}

SimWorld::SimWorld(SimWorld&& other) noexcept = default;
SimWorld::~SimWorld() = default;

Loop& SimWorld::loop() noexcept { return state_->loop; }
SimBackend& SimWorld::backend() noexcept { return state_->backend; }

std::string SimWorld::run(Task<void> root, Duration bound) {
  SimBackend& backend = state_->backend;
  Loop& loop = state_->loop;
  const auto failed = [&](const char* what) {
    std::string report = fmt::format(
        "{}\nseed {} (SLUICE_SIM_SEED={}), {} descriptors, {} buffers leased, {} operations in "
        "flight, {} sockets closing\n{}\n{}",
        what, backend.seed(), backend.seed(), backend.open_descriptors(), backend.leased_buffers(),
        backend.operations_in_flight(), loop.closing_sockets(), backend.config().to_string(),
        backend.history().to_string());
    static_cast<void>(state_.release());  // coroutines may still refer to all of it
    return report;
  };

  const MonotonicTime end = backend.now() + bound;
  state_->scope.spawn(then_wake(std::move(root), backend));
  while (state_->scope.running() > 0) {
    if (backend.now() >= end) {
      const bool hangs = backend.idle() && loop.timers().next_wakeup() == MonotonicTime::max();
      return failed(hangs ? "nothing can happen any more" : "the root task did not end in time");
    }
    loop.turn(end);
  }
  const MonotonicTime closing_end = backend.now() + closing_max;
  while (loop.closing_sockets() > 0 || backend.operations_in_flight() > 0) {
    if (backend.now() >= closing_end) return failed("operations did not end after the root had");
    loop.turn(closing_end);
  }
  if (backend.open_descriptors() != 0) return failed("a descriptor was left open");
  if (backend.leased_buffers() != 0) return failed("a buffer was not given back");
  return {};
}

std::uint64_t for_each_seed(std::uint64_t first, std::uint64_t count,
                            const std::function<void(std::uint64_t)>& function,
                            const std::function<bool()>& failed) {
  const auto before = std::signal(SIGABRT, print_seed);
  constexpr std::uint64_t none = ~std::uint64_t{};
  if (const std::uint64_t only = number_from_environment("SLUICE_SIM_SEED", none); only != none) {
    first = only;
    count = 1;
  } else {
    count = number_from_environment("SLUICE_SIM_SEEDS", count);
  }
  std::uint64_t run = 0;
  while (run < count && !failed()) {
    seed_running = first + run;
    function(first + run);
    ++run;
  }
  std::signal(SIGABRT, before);
  return run;
}

}  // namespace sluice::ring::sim
