// What providers and clients saw in a simulated run of routing: all that the gateway is judged by.
//
//   client --ask--> gateway --try--> provider         times are the virtual clock's, at each end
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "health_scenario.h"
#include "sim_ledger.h"
#include "sluice/base/clock.h"

namespace sluice::gateway::testing::scripted {

enum class How : std::uint8_t {
  under_way,
  good,     // a whole answer went out
  failed,   // an error of the provider's own
  limited,  // 429
  wrong,    // a whole answer that is none
  broke,    // the provider broke the connection, or ended it too early
  left,     // the gateway closed it before that
};

/// One request that reached a provider, as the provider saw it.
struct Try {
  static constexpr std::size_t nobodys = ~std::size_t{0};
  std::size_t deployment = 0;
  std::size_t ask = nobodys;  // nobody's: the connection broke before it was read
  Behaviour behaviour = Behaviour::well;
  bool is_reused = false;  // not the first one of its connection
  bool is_stream = false;
  How how = How::under_way;
  int status = 0;                                // 0: no head went out
  std::optional<milliseconds> retry_after = {};  // that was said
  std::uint64_t input = 0, output = 0;           // tokens, told in a good answer
  std::string text = {};                         // the whole of what it has to say
  MonotonicTime came{};
  MonotonicTime content_at{};  // the first content of a stream went out; the epoch: none did
  MonotonicTime sent_at{};     // the last bytes went out; the epoch: none did
  MonotonicTime ended{};
};

struct Client : Seen {
  MonotonicTime began{};
  MonotonicTime ended{};
  bool left = false;  // before it had its answer
};

struct HealthLedger {
  MonotonicTime start{};
  // Deques: what is being filled in stays where it is while others are added.
  std::deque<Try> tries;  // in the order in which they came
  std::deque<Client> clients;
  std::size_t connections_open = 0;  // at providers

  [[nodiscard]] milliseconds since_start(MonotonicTime moment) const noexcept {
    return std::chrono::duration_cast<milliseconds>(moment - start);
  }
  /// All tries of one ask, or of one deployment, for who reads a failure.
  [[nodiscard]] std::string describe() const;
};

}  // namespace sluice::gateway::testing::scripted
