// The provider without its sockets: a request's bytes in, the script of its answer out.
//
//   head, body -> key? -> fault? -> replay, echo or endpoint -> misshape -> write_script
//   received -> like the last chat request? -> its answer with another text and other ids
//
// Reads no clock and does no I/O; the same seed and the same requests give the same bytes.
#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/ask.h"
#include "simulator/config.h"
#include "simulator/memory.h"
#include "simulator/occasion.h"
#include "simulator/recordings.h"
#include "simulator/reply.h"
#include "simulator/route.h"
#include "simulator/script.h"
#include "sluice/base/random.h"
#include "sluice/base/slice.h"
#include "sluice/http/framing.h"
#include "sluice/http/head.h"
#include "sluice/http/status.h"
#include "sluice/json/index.h"

namespace sluice::simulator {

struct Session;

class Provider {
 public:
  /// Lifetime: `config`, `recordings` (null: none) and `occasions` outlive the provider.
  Provider(const SimulatorConfig& config, const Recordings* recordings, Occasions& occasions,
           std::uint64_t seed);

  /// Whether the request's headers ask for an answer before its body is read.
  [[nodiscard]] static bool answers_early(const http::RequestHead& head);

  /// The answer to a request that is wholly there. `head_bytes` is its head as it came; without it
  /// nothing is remembered for answer_like_the_last().
  [[nodiscard]] Script answer(const http::RequestHead& head, const http::Framing& framing,
                              std::string_view body, WallTime now,
                              std::string_view head_bytes = {});

  /// The answer to the request that `received` begins with, as answer() would give it, where that
  /// is a chat request like the last one (Memory); it goes out at once and the connection lives on.
  /// `request_bytes` is 0 where it is not like it, or not all there.
  struct Alike {
    std::size_t request_bytes = 0;
    Slice bytes{};
  };
  [[nodiscard]] Alike answer_like_the_last(std::string_view received, WallTime now);

  /// The answer to bytes that are no request, or to one that is too large: the connection closes.
  [[nodiscard]] Script refuse(const http::Rejection& rejection, WallTime now);

  /// The answer of a page beside the API (GET /sim/stats).
  [[nodiscard]] Script page(std::string body, const http::Framing& framing, WallTime now);

 private:
  Fault draw_fault(WallTime now);
  std::expected<Fault, std::string> asked_fault(std::string_view text, WallTime now);
  Script answer_route(const Route& route, const http::RequestHead& head, std::string_view body,
                      Fault fault, Wire wire, WallTime now);
  Answer answer_session(Session session, std::string_view body, Fault& fault);
  Answer answer_azure(const Session& session, std::string_view body);
  [[nodiscard]] bool may_enter(const http::RequestHead& head) const;
  Answer answer_ask(const http::RequestHead& head, std::string_view body, const Ask& ask,
                    WallTime now);
  Script finish(const Answer& answer, const Fault& fault, Wire wire, WallTime now);
  void remember(std::string_view head, std::string_view body, const Answer& answer,
                const Script& script, WallTime now);
  std::string_view date_of(WallTime now);

  const SimulatorConfig& config_;
  const Recordings* recordings_;
  Occasions& occasions_;
  PromptCache prompts_;
  Random random_;
  json::Index index_;
  std::string request_id_;  // of the last answer
  std::string chat_id_;     // of the last chat answer like which there may be others
  Memory memory_;
  std::string date_;
  std::chrono::sys_seconds date_second_{};
};

}  // namespace sluice::simulator
