// Reads HTTP/1.1 answers as a client of a simulated run, strictly and by code of its own: what the
// gateway's own parser forgives must not go unseen.
#pragma once
#include <string>

#include "sim_ledger.h"
#include "sluice/base/random.h"
#include "sluice/coro/stop_token.h"
#include "sluice/net/stream.h"
#include "sluice/ring/loop.h"

namespace sluice::gateway::testing {

class AnswerReader {
 public:
  /// `slowness_ms`: the longest pause in front of a read. Lifetime: all outlive the reader.
  AnswerReader(ring::Loop& loop, net::Stream& stream, Random& random, std::uint32_t slowness_ms)
      : loop_(loop), stream_(stream), random_(random), slowness_ms_(slowness_ms) {}

  /// Reads one answer into `seen`, as far as it comes. True: it is whole and the connection goes
  /// on. Interim answers are passed over, unless `stop_at_continue`: then a 100 ends the read with
  /// true and seen.status 0.
  [[nodiscard]] Task<bool> read(Seen& seen, bool to_head, bool stop_at_continue, StopToken stop);

  /// Nothing may come that was not asked for.
  [[nodiscard]] const std::string& leftovers() const noexcept { return input_; }
  /// The connection ended in order, and not within an answer.
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  Task<bool> fill(StopToken stop);
  Task<bool> read_line(std::string& line, StopToken stop);
  Task<bool> read_head(Seen& seen, StopToken stop);
  Task<bool> read_length(Seen& seen, std::size_t left, StopToken stop);
  Task<bool> read_chunks(Seen& seen, StopToken stop);

  ring::Loop& loop_;
  net::Stream& stream_;
  Random& random_;
  std::uint32_t slowness_ms_;
  std::string input_;
  bool ended_ = false;
};

}  // namespace sluice::gateway::testing
