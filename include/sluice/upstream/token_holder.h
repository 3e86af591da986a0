// One core's access token of one credential: fetched ahead of need, so that no request waits for a
// token server but, once, the very first.
//
//   keep_fresh:  fetch --good--> held until three quarters of its life are over --> fetch ...
//                      --bad---> again after 1 s, 2 s, ... 60 s; what is held serves while it lives
//   attempt:     settled? --no--> wait_until_settled()     usable? --no--> problem() says why not
//
// Not thread-safe: one holder per credential per core, and nothing is shared. A token is never part
// of a log, a metric or an error. Reload: the next configuration's holder of the same source takes
// the token over.
#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/base/secret.h"
#include "sluice/catalog/token_source.h"
#include "sluice/coro/event.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/http/client_http1.h"
#include "sluice/net/connector.h"
#include "sluice/ring/loop.h"
#include "sluice/upstream/token_request.h"

namespace sluice::upstream {

class TokenHolder {
 public:
  /// A token server that says nothing for so long has failed.
  static constexpr Duration fetch_timeout = std::chrono::seconds(10);
  static constexpr Duration retry_min = std::chrono::seconds(1);
  static constexpr Duration retry_max = std::chrono::seconds(60);
  /// A token that a provider refused is fetched anew at once, but not more often than this.
  static constexpr Duration refused_wait = std::chrono::seconds(60);

  /// How a fetch ended.
  struct Fetch {
    bool succeeded = false;
    bool turns = false;  // the first that failed in a row, or that succeeded after such ones
  };
  /// Called once per fetch that ended; problem() says by then why it failed.
  using Told = std::function<void(const Fetch& fetch)>;

  /// Lifetime: `loop`, `connector`, `tls` and `source` outlive the holder; `tls` null means the
  /// connector's own.
  TokenHolder(ring::Loop& loop, net::Connector& connector, const net::TlsClientContext* tls,
              const catalog::TokenSource& source, const http::ClientHttp1Config& http);
  TokenHolder(const TokenHolder&) = delete;
  TokenHolder& operator=(const TokenHolder&) = delete;
  /// Nobody waits and keep_fresh() does not run.
  ~TokenHolder();

  /// Fetches, and goes on fetching, until `stop`; to be called once. A first fetch that somebody
  /// waits for is not broken off by `stop`, and ends within fetch_timeout.
  [[nodiscard]] Task<void> keep_fresh(StopToken stop, Told told);

  /// Takes what `previous`, of the same source, holds. Before keep_fresh().
  void take_over(const TokenHolder& previous);

  /// Whether the first fetch has ended, well or not.
  [[nodiscard]] bool settled() const noexcept { return settled_.is_set(); }
  /// Waits for that. Error: cancelled.
  [[nodiscard]] Task<Result<void>> wait_until_settled(StopToken stop);

  /// Whether there is a token that lives.
  [[nodiscard]] bool usable() const noexcept;
  /// "Bearer " and the newest token, which may have expired; empty when there never was one.
  [[nodiscard]] const Secret& header_value() const noexcept { return header_value_; }
  /// Which token that is: another one, another number.
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }
  /// Why there is no usable token: the end of a sentence, for callers and operators.
  [[nodiscard]] std::string_view problem() const noexcept { return problem_; }

  /// A provider refused the token of this number: it is fetched anew, ahead of its time.
  void refused(std::uint32_t number) noexcept;

  [[nodiscard]] const catalog::TokenSource& source() const noexcept { return source_; }

 private:
  using Answer = std::expected<AccessToken, std::string>;
  struct Stopped;
  [[nodiscard]] Task<bool> wait_for_its_time(StopToken stop);
  [[nodiscard]] Task<void> fetch(const Told& told);
  [[nodiscard]] Task<Answer> ask(StopToken stop);
  void accept(AccessToken token);
  void put_off(std::string problem);
  void end_when_unawaited() noexcept;

  ring::Loop& loop_;
  net::Connector& connector_;
  const net::TlsClientContext* tls_;
  const catalog::TokenSource& source_;
  http::ClientHttp1Config http_;

  Secret header_value_;
  std::uint32_t number_ = 0;
  MonotonicTime expires_at_{};
  MonotonicTime fetched_at_{};     // when the latest fetch began
  MonotonicTime next_fetch_at_{};  // at once
  std::uint32_t failures_ = 0;     // in a row
  std::string problem_ = "none has been fetched yet";

  Event settled_;
  Event due_;                       // the next fetch has become urgent
  StopSource* fetching_ = nullptr;  // ends the fetch under way
  std::uint32_t waiting_ = 0;       // for the first fetch
  bool stopped_ = false;
  bool running_ = false;
};

}  // namespace sluice::upstream
