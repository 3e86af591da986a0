#include "sluice/upstream/token_holder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/ring/sleep.h"
#include "sluice/upstream/endpoint.h"

namespace sluice::upstream {
namespace {

using std::chrono::seconds;

std::string problem_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::resolve_failed: return "the name of its token server could not be resolved";
    case ErrorKind::connect_failed: return "its token server could not be connected to";
    case ErrorKind::tls_failed:
    case ErrorKind::certificate_invalid: return "its token server's TLS is not to be trusted";
    case ErrorKind::too_large: return "its token server answered more than any token";
    case ErrorKind::malformed: return "its token server does not speak HTTP";
    case ErrorKind::cancelled:
    case ErrorKind::deadline_exceeded:
    case ErrorKind::connection_closed:
    case ErrorKind::connection_reset:
    case ErrorKind::exhausted:
    case ErrorKind::unsupported:
    case ErrorKind::invalid:
    case ErrorKind::not_found:
    case ErrorKind::io: break;
  }
  return "the exchange with its token server broke";
}

}  // namespace

// What a stop does while keep_fresh() runs.
struct TokenHolder::Stopped {
  TokenHolder* holder;
  void operator()() const noexcept {
    holder->stopped_ = true;
    holder->end_when_unawaited();
  }
};

TokenHolder::TokenHolder(ring::Loop& loop, net::Connector& connector,
                         const net::TlsClientContext* tls, const catalog::TokenSource& source,
                         const http::ClientHttp1Config& http)
    : loop_(loop),
      connector_(connector),
      tls_(tls),
      source_(source),
      http_(http),
      settled_(loop),
      due_(loop) {}

TokenHolder::~TokenHolder() {
  SLUICE_ASSERT(!running_);
  SLUICE_ASSERT(waiting_ == 0);
}

void TokenHolder::take_over(const TokenHolder& previous) {
  SLUICE_ASSERT(!running_);
  if (!previous.usable()) return;  // its failure may be what the new configuration mends
  header_value_ = previous.header_value_.clone();
  number_ = previous.number_;
  expires_at_ = previous.expires_at_;
  fetched_at_ = previous.fetched_at_;
  next_fetch_at_ = previous.next_fetch_at_;
  settled_.set();
}

bool TokenHolder::usable() const noexcept {
  return !header_value_.empty() && loop_.now() < expires_at_;
}

Task<Result<void>> TokenHolder::wait_until_settled(StopToken stop) {
  ++waiting_;
  const Result<void> waited = co_await settled_.wait(stop);
  --waiting_;
  end_when_unawaited();
  co_return waited;
}

void TokenHolder::refused(std::uint32_t number) noexcept {
  const MonotonicTime now = loop_.now();
  if (number != number_ || now < fetched_at_ + refused_wait) return;
  next_fetch_at_ = std::min(next_fetch_at_, now);
  due_.set();
}

void TokenHolder::end_when_unawaited() noexcept {
  if (stopped_ && waiting_ == 0 && fetching_ != nullptr) fetching_->request_stop();
}

Task<void> TokenHolder::keep_fresh(StopToken stop, Told told) {
  SLUICE_ASSERT(!running_);
  running_ = true;
  {
    const StopCallback<Stopped> on_stop(stop, Stopped{this});
    while (true) {
      const bool is_due = co_await wait_for_its_time(stop);
      if (!is_due) break;
      co_await fetch(told);
    }
  }
  running_ = false;
  settled_.set();  // nobody is to wait for what does not come any more
}

// False when it never comes: the holder was stopped.
Task<bool> TokenHolder::wait_for_its_time(StopToken stop) {
  while (!stop.stop_requested()) {
    due_.reset();
    if (loop_.now() >= next_fetch_at_) co_return true;
    ring::Deadline time(loop_, next_fetch_at_, stop);
    (void)co_await due_.wait(time.token());
  }
  co_return false;
}

Task<void> TokenHolder::fetch(const Told& told) {
  StopSource end;
  fetching_ = &end;
  fetched_at_ = loop_.now();
  Answer answer = std::unexpected(std::string());
  bool is_late = false;
  {
    ring::Deadline deadline(loop_, fetched_at_ + fetch_timeout, end.token());
    answer = co_await ask(deadline.token());
    is_late = deadline.passed();
  }
  fetching_ = nullptr;
  if (!answer && !is_late && end.stop_requested()) co_return;  // no verdict on the token server
  const bool succeeded = answer.has_value();
  const bool turns = succeeded == (failures_ > 0);
  if (succeeded) {
    accept(std::move(*answer));
  } else {
    put_off(is_late ? "its token server took too long" : std::move(answer.error()));
  }
  told({.succeeded = succeeded, .turns = turns});
  settled_.set();
}

Task<TokenHolder::Answer> TokenHolder::ask(StopToken stop) {
  std::optional<TokenRequest> request = make_token_request(source_, loop_.wall_now());
  if (!request) co_return std::unexpected(std::string("the account's key cannot sign"));
  net::Endpoint endpoint = endpoint_of(source_.url);
  Result<net::Connected> connected = co_await connector_.connect(std::move(endpoint), tls_, stop);
  if (!connected) co_return std::unexpected(problem_of(connected.error()));
  http::ClientHttp1 connection(loop_, std::move(connected->stream), http_);
  http::ClientHttp1::Exchange exchange(connection);
  const bool is_form = !request->body.empty();
  const std::array fields = {is_form
                                 ? http::Header{"Content-Type", "application/x-www-form-urlencoded"}
                                 : http::Header{"Metadata-Flavor", "Google"},
                             http::Header{"Accept", "application/json"}};
  const http::OutgoingRequest outgoing{.method = is_form ? "POST" : "GET",
                                       .target = request->target,
                                       .authority = source_.url.authority,
                                       .fields = {.own = fields}};
  SliceChain body;
  if (is_form) body.push(Slice::copy_of(request->body.reveal()));
  const Result<const http::ResponseHead*> head =
      co_await exchange.send(outgoing, std::move(body), stop);
  if (!head) co_return std::unexpected(problem_of(head.error()));
  const int status = (*head)->status;
  const Result<Slice> answer = co_await exchange.read_whole_body(token_answer_bytes_max, stop);
  if (!answer) co_return std::unexpected(problem_of(answer.error()));
  co_return read_token_answer(status, answer->view());
}

// It counts from when it was asked for: the server's clock began no earlier.
void TokenHolder::accept(AccessToken token) {
  const Duration lifetime = token.lifetime;
  header_value_ = std::move(token.header_value);
  ++number_;
  failures_ = 0;
  problem_ = "the last one has expired";
  // It must still live when the provider looks at it.
  expires_at_ = fetched_at_ + lifetime - std::min<Duration>(lifetime / 10, seconds(10));
  // Not all cores, and not all machines that were started together, at once.
  const Duration spread = lifetime / 10;
  const auto jitter = static_cast<Duration::rep>(
      loop_.random().below(static_cast<std::uint64_t>(spread.count()) + 1));
  next_fetch_at_ =
      std::max(fetched_at_ + lifetime * 7 / 10 + Duration(jitter), loop_.now() + retry_min);
}

void TokenHolder::put_off(std::string problem) {
  problem_ = std::move(problem);
  constexpr std::uint32_t doublings_max = 6;
  const Duration longest =
      std::min(retry_min * (1U << std::min(failures_, doublings_max)), retry_max);
  ++failures_;
  const auto half = static_cast<std::uint64_t>(longest.count() / 2);
  next_fetch_at_ = loop_.now() + longest / 2 +
                   Duration(static_cast<Duration::rep>(loop_.random().below(half + 1)));
}

}  // namespace sluice::upstream
