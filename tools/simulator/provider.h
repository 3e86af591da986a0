// The provider without its sockets: a request's bytes in, the script of its answer out.
//
//   head, body -> key? -> fault? -> replay, echo or endpoint -> misshape -> write_script
//
// Reads no clock and does no I/O; the same seed and the same requests give the same bytes.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "simulator/ask.h"
#include "simulator/config.h"
#include "simulator/recordings.h"
#include "simulator/script.h"
#include "sluice/base/random.h"
#include "sluice/http/framing.h"
#include "sluice/http/head.h"
#include "sluice/http/status.h"
#include "sluice/json/index.h"

namespace sluice::simulator {

class Provider {
 public:
  /// Lifetime: `config` and `recordings` (null: none) outlive the provider.
  Provider(const SimulatorConfig& config, const Recordings* recordings, std::uint64_t seed);

  /// Whether the request's headers ask for an answer before its body is read.
  [[nodiscard]] static bool answers_early(const http::RequestHead& head);

  /// The answer to a request that is wholly there.
  [[nodiscard]] Script answer(const http::RequestHead& head, const http::Framing& framing,
                              std::string_view body, WallTime now);

  /// The answer to bytes that are no request, or to one that is too large: the connection closes.
  [[nodiscard]] Script refuse(const http::Rejection& rejection, WallTime now);

  /// The answer of a page beside the API (GET /sim/stats).
  [[nodiscard]] Script page(std::string body, const http::Framing& framing, WallTime now);

 private:
  Fault draw_fault();
  [[nodiscard]] bool may_enter(const http::RequestHead& head) const;
  Answer answer_ask(const http::RequestHead& head, std::string_view body, const Ask& ask,
                    WallTime now);
  Script finish(Answer answer, const Fault& fault, Wire wire, WallTime now);
  std::string_view date_of(WallTime now);

  const SimulatorConfig& config_;
  const Recordings* recordings_;
  Random random_;
  json::Index index_;
  std::string date_;
  std::chrono::sys_seconds date_second_{};
};

}  // namespace sluice::simulator
