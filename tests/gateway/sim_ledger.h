// What was asked, done and seen in one simulated run, so that every side can be held to the others.
//
//   client --Ask n--> gateway --Try n.0, n.1 ...--> providers
//          <-Seen n--         <--what a Try says----
//
// Every request has a number, its nonce "n<number>", in its header and its body; every answer
// carries it back.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/random.h"

namespace sluice::gateway::testing {

enum class Kind : std::uint8_t {
  chat,
  stream,
  bad_json,
  unknown_model,
  no_path,
  wrong_method,
  models,
  health,
  head_health,
};
[[nodiscard]] constexpr bool goes_upstream(Kind kind) noexcept {
  return kind == Kind::chat || kind == Kind::stream;
}

/// One request of a client.
struct Ask {
  Kind kind = Kind::chat;
  std::string body;
};

/// What a try must lead to when the network fails nobody.
enum class Verdict : std::uint8_t {
  good,     // the client gets it whole
  before,   // it fails before the commit point: the next deployment is asked
  after,    // it fails after the commit point: what came, and then an error event
  passes,   // the client's own mistake: shown as the provider put it
  unknown,  // depends on what overtakes what
};

/// One try of the gateway at one provider, as the provider knows it.
struct Try {
  std::size_t provider = 0;
  std::string mark;  // "n7.0": in every answer of this try, and of no other
  int status = 0;    // answered with; 0: no head was sent
  Verdict verdict = Verdict::unknown;
  bool is_stream = false;
  bool whole = false;              // `shown` ends as an answer should
  std::vector<std::string> shown;  // what the client may see, in whole events; or one body
  bool body_came = false;          // the whole request body was there, and right
};

/// What the client saw.
struct Seen {
  bool sent = false;  // the request went out to its last byte
  int status = 0;     // 0: no head came
  std::map<std::string, std::string> headers;
  std::string body;
  bool complete = false;  // to the end of its framing
  bool excused = false;   // the client left, or the connection was given up before it
};

struct Ledger {
  // Deques: what is being filled in stays where it is while others are added.
  std::deque<Ask> asks;
  std::deque<std::vector<Try>> tries;  // by ask
  std::deque<Seen> seen;               // by ask
  std::size_t add(Ask ask) {
    asks.push_back(std::move(ask));
    tries.emplace_back();
    seen.emplace_back();
    return asks.size() - 1;
  }
};

[[nodiscard]] std::string nonce_of(std::size_t number);
/// Whether the gateway made this id: every request brings one, so it is that of a refused head.
[[nodiscard]] bool is_own_id(std::string_view id);
/// The number a nonce names; npos when it is none of this run's.
[[nodiscard]] std::size_t number_of(const Ledger& ledger, std::string_view nonce);

/// The body a client sends, and the one provider `index` must get for it.
[[nodiscard]] std::string chat_body(std::string_view nonce, bool stream, std::size_t pad_bytes);
[[nodiscard]] std::string upstream_body(const Ask& ask, std::size_t index);

/// `object` with the members the gateway adds at its end.
[[nodiscard]] std::string tagged(std::string object, std::string_view nonce, std::size_t provider);

/// Holds what every client saw against what its providers said. `strict`: no network fault and no
/// drain is in the way, so that everything must have come as it should.
void judge_answers(const Ledger& ledger, std::size_t providers, bool strict);
/// Holds the access log's lines against both.
void judge_log(const Ledger& ledger, const std::vector<std::string>& lines);

}  // namespace sluice::gateway::testing
