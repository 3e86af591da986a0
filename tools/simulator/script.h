// The bytes of one answer on the wire, when each goes out, and what becomes of the connection.
//
//   bytes   [HTTP/1.1 200 OK ... event 0][event 1][event 2] ...        end: keep_alive
//   steps    at 300 ms                   at 300   at 320               or close, reset, hang
//
// Made by write_script(), a pure function: what a fault does to the wire is seen without one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/answer.h"
#include "simulator/fault.h"
#include "simulator/pace.h"
#include "sluice/base/clock.h"
#include "sluice/base/random.h"

namespace sluice::simulator {

struct Script {
  enum class End : std::uint8_t {
    keep_alive,  // the next request may come
    close,       // in an orderly way
    reset,
    hang,  // nothing more is said until the client leaves
  };
  struct Step {
    Duration at{};        // since the request was read
    std::size_t end = 0;  // of `bytes`: what goes out then
    bool apart = false;   // in a write of its own, though the next be due at once
  };
  std::string bytes{};
  std::vector<Step> steps{};  // in order of time; the last one's end is bytes.size()
  End end = End::keep_alive;
};

/// What the wire must know of the request.
struct Wire {
  bool keep_alive = true;  // what the request's framing allows
  bool http_1_0 = false;   // the client speaks HTTP/1.0: no chunks
  bool head_only = false;  // HEAD
  std::string_view date{};
  std::string_view request_id{};
  std::uint64_t request_body_bytes = 0;
  bool is_openai = true;  // the head has the fields of OpenAI's answers
};

[[nodiscard]] Script write_script(const Answer& answer, const Fault& fault, const Pace& pace,
                                  const Wire& wire, Random& random);

}  // namespace sluice::simulator
