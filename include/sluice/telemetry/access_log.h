// The access log: one JSON object per exchange, on one line, and one for what was no exchange
// because its head was refused; there most fields are null.
//
// Every field comes as a typed value, so nothing that could hold a secret (a header, a body, a
// query) has a way in. Times are milliseconds from the first byte of the request, in the manner of
// HAProxy's timers: each says when its phase was done, and -1 that it was not reached.
//
//   {"time":"2026-01-02T03:04:05.678Z","request_id":"req_...","client":"203.0.113.7:4711",
//    "key":"team-a","method":"POST","path":"/v1/chat/completions","endpoint":"chat_completions",
//    "model":"gpt-5-mini","stream":true,"provider":"openai","deployment":"gpt-5-mini-2025-08-07",
//    "status":200,"ended_by":null,"reason":"complete",
//    "routing":{"strategy":"score","chosen_by":"best_score","considered":[{"provider":"openai",
//               "deployment":"gpt-5-mini-2025-08-07","obstacle":"none","score":0.012}]},
//    "attempts":[{"provider":"openai","deployment":"...","outcome":"failed","status":503,"ms":12.1,
//                 "cost_usd":null}],
//    "ms":{"head":0.02,"body":0.3,"queue":0.31,"connect":-1,"first_byte":120.5,
//          "first_content":320.25,"total":900.75},
//    "bytes":{"client_in":900,"client_out":4100,"provider_in":4000,"provider_out":910},
//    "tokens":{"input":10,"cached_input":null,"output":20,"reasoning":null},"cost_usd":0.0000425,
//    "events":21}
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/telemetry/outcome.h"

namespace sluice::telemetry {

inline constexpr Duration not_reached{-1};  // any negative span means the same

struct AttemptRecord {
  std::string_view provider;
  std::string_view deployment;  // the provider's name of the model; empty: none was asked for
  AttemptOutcome outcome = AttemptOutcome::cancelled;
  int status = 0;                       // 0: none was received
  Duration took{0};                     // from the start of this attempt to its end
  std::optional<double> cost_usd = {};  // of the tokens it used, shown or not
};

/// What was thought of one deployment when the request was planned.
struct ConsideredRecord {
  std::string_view provider;
  std::string_view deployment;
  std::string_view obstacle;    // why it could not serve; "none": it could
  std::optional<double> score;  // where the strategy is the score: lower is better
};

/// Since the first byte of the request. A reused connection has connect == queue.
struct PhaseTimes {
  Duration head = not_reached;           // the request's head is complete
  Duration body = not_reached;           // the request's body is complete
  Duration media = not_reached;          // what the chat names by URLs is fetched; left out if none
  Duration queue = not_reached;          // a connection slot was free for the last attempt
  Duration connect = not_reached;        // connected, TLS included
  Duration first_byte = not_reached;     // the head of the provider's answer is complete
  Duration first_content = not_reached;  // the first content event, or a whole answer
  Duration total = not_reached;
};

struct TokenCounts {
  std::optional<std::uint64_t> input, cached_input, output, reasoning;
};

/// One exchange. The views must be good until write_line() returns; empty strings become null.
struct AccessRecord {
  WallTime time{};  // when the first byte of the request arrived
  std::string_view request_id;
  std::string_view client;  // address as text
  std::string_view key;     // the caller's name
  std::string_view method;
  std::string_view target;  // the request target: its query and fragment are left out of the log
  std::string_view endpoint;
  std::string_view model;  // as the client asked
  bool is_stream = false;
  std::string_view provider;    // that served the answer
  std::string_view deployment;  // the provider's name of the model
  int status = 0;               // 0: none was sent; written as null
  EndedBy ended_by = EndedBy::nobody;
  std::string_view reason = "complete";  // static text or an ErrorKind's name
  std::string_view strategy;             // by which the last plan was made; empty: none was made
  std::string_view chosen_by;            // why its first deployment is the first
  std::span<const ConsideredRecord> considered;  // left out where there was no choice
  std::span<const AttemptRecord> attempts;
  PhaseTimes times;
  std::uint64_t client_bytes_in = 0, client_bytes_out = 0;
  std::uint64_t provider_bytes_in = 0, provider_bytes_out = 0;
  TokenCounts tokens;
  std::optional<double> cost_usd;  // what is not finite is written as null
  std::uint64_t events = 0;        // content events relayed downstream
};

/// What the client sent is cut to this, marked by "...": a line stays bounded.
inline constexpr std::size_t logged_text_bytes_max = 512;

/// Appends the record as one line, newline included. The line is valid JSON and valid UTF-8
/// whatever bytes the strings hold.
void write_line(const AccessRecord& record, std::string& out);

}  // namespace sluice::telemetry
