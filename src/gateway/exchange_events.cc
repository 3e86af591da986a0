// The relay of an event stream: what the provider sends, batch by batch, with backpressure.
//
//   the attempt's held() --send--> the client
//      ^--- the next read, a comment in a silence, or why the stream ends
//
// There is one batch: it is filled, completed and sent where it is. What is held here takes memory
// for as long as the stream lasts, so that steps which wait for nothing are plain functions.
#include <algorithm>
#include <utility>

#include "exchange.h"
#include "exchange_rescue.h"
#include "routing_trail.h"

namespace sluice::gateway {
namespace {

constexpr std::string_view keep_alive_comment = ": keep-alive\n\n";

}  // namespace

struct Exchange::EventRelay {
  MonotonicTime event_at;  // the last read from the provider, and the last write to the client
  MonotonicTime sent_at;
  std::optional<ring::Deadline> silence = {};  // until when nothing need come
  std::unique_ptr<StreamTrail> trail = {};     // where it is asked for
  std::unique_ptr<StreamRescue> rescue = {};   // made when first needed
  bool ends_in_cr = false;  // what was relayed: an event is over then, but its LF may never come
};

Task<void> Exchange::relay_events() {
  if (!start(std::nullopt)) co_return;
  EventRelay relay{.event_at = core_.loop.now(), .sent_at = core_.loop.now()};
  if (shows_routing()) {
    relay.trail = std::make_unique<StreamTrail>(core_.index, endpoint_.operation);
  }
  while (true) {
    if (may_be_rescued(relay)) {
      const bool goes_on = co_await go_on_elsewhere(relay);
      if (!goes_on) co_return;
      continue;
    }
    complete_batch(relay);
    const bool ended = serving_->held().ended;
    if (ended || !serving_->held().bytes.empty()) {
      const Result<void> sent = co_await send_held();
      if (!went_out(sent) || ended) co_return;
      relay.sent_at = core_.loop.now();
    }
    Result<SliceChain> part = co_await serving_->upstream().read_body(silence(relay));
    if (!make_batch(std::move(part), relay)) co_return;
  }
}

Task<Result<void>> Exchange::send_held() {
  EventBatch& batch = serving_->held();
  return send(std::move(batch.bytes), batch.ended ? http::More::no : http::More::yes);
}

Task<Result<void>> Exchange::send_keep_alive() {
  SliceChain comment;
  comment.push(Slice::of_static(keep_alive_comment));
  core_.metrics.sse_keep_alives_sent.add();
  return send(std::move(comment), http::More::yes);
}

void Exchange::count_events(std::uint32_t count) {
  events_ += count;
  core_.metrics.sse_events_sent.add(count);
}

// Counts what is to be sent, and puts behind it what the gateway itself has to say.
void Exchange::complete_batch(EventRelay& relay) {
  EventBatch& batch = serving_->held();
  count_events(batch.events);
  if (!batch.bytes.empty()) {
    relay.ends_in_cr = batch.bytes[batch.bytes.count() - 1].view().ends_with('\r');
  }
  if (batch.error) {
    note_failure(*batch.error);
    serving_->set_outcome(outcome_of(*batch.error));
    if (!batch.error_shown) {
      count_events(1);
      if (relay.ends_in_cr) batch.bytes.push(Slice::of_static("\n"));
      batch.bytes.push(
          Slice::take(llm::render_error_event(*batch.error, endpoint_.dialect, request_id_)));
    }
    broken_ = std::move(batch.error);
  }
  if (!relay.trail) return;
  relay.trail->see(batch.bytes);
  if (batch.ended && relay.trail->put(batch.bytes, routing_trail())) count_events(1);
}

// Until a comment is due that keeps the client's connection alive, or the provider is given up. The
// timer is not moved with each event: it wakes us too early once in a while, and is set anew then.
StopToken Exchange::silence(EventRelay& relay) {
  if (!relay.silence || relay.silence->passed()) {
    relay.silence.emplace(core_.loop, std::min(idle_at(relay), comment_at(relay)), total_->token());
  }
  return relay.silence->token();
}

MonotonicTime Exchange::idle_at(const EventRelay& relay) const noexcept {
  return relay.event_at + serving_->deployment().timeouts.idle;
}

MonotonicTime Exchange::comment_at(const EventRelay& relay) const noexcept {
  const auto every = std::chrono::milliseconds(snapshot_.config.streaming.keep_alive_comment_ms);
  return every.count() > 0 ? relay.sent_at + every : MonotonicTime::max();
}

// Makes the next batch of what was read, or of what is to be said in its place; perhaps an empty
// one. False: nothing more is to be said. The stream stands between two events here, so a comment
// may be put in.
bool Exchange::make_batch(Result<SliceChain> part, EventRelay& relay) {
  EventBatch& batch = serving_->held() = EventBatch();
  const bool is_stopped = !part && part.error().kind == ErrorKind::cancelled;
  if (!is_stopped) serving_->events().take_part(std::move(part), batch);
  // A provider that never falls silent must not outlast the exchange's deadline, or the server.
  if (!is_stopped && !total_->passed() && (batch.ended || !downstream_.server_ends())) {
    relay.event_at = core_.loop.now();
    return true;
  }
  switch (end_of_exchange()) {
    case End::told: return true;
    case End::untold: return false;
    case End::none: break;
  }
  const MonotonicTime now = core_.loop.now();
  if (now >= idle_at(relay)) {
    batch.ended = true;
    batch.error = relay_timeout(llm::errors::Deadline::idle, now - relay.event_at);
  } else if (now >= comment_at(relay)) {
    batch.bytes.push(Slice::of_static(keep_alive_comment));
    core_.metrics.sse_keep_alives_sent.add();
  }
  return true;
}

// Whether the exchange is over, whatever the provider would say: the batch then says why, unless
// there is nobody left to tell.
Exchange::End Exchange::end_of_exchange() {
  EventBatch over;
  over.ended = true;
  if (downstream_.server_ends()) {
    over.error = llm::errors::gateway_shutting_down();
  } else if (downstream_.departed().stop_requested()) {
    note_client_left();
    return End::untold;
  } else if (total_->passed()) {
    over.error =
        relay_timeout(llm::errors::Deadline::total, core_.loop.now() - downstream_.began_at());
  } else {
    return End::none;
  }
  serving_->held() = std::move(over);
  return End::told;
}

// --- when a stream has broken off ---

bool Exchange::may_be_rescued(EventRelay& relay) {
  const MaybeError& error = serving_->held().error;
  if (!error) return false;
  if (!relay.rescue && serving_->so_far() != nullptr) {
    relay.rescue = std::make_unique<StreamRescue>(*this);
  }
  return relay.rescue && relay.rescue->may_help(*error);
}

// Shows what came before the break, and makes the next batch what comes behind it: the first of
// what another attempt says, or the error. False: nothing more is to be said.
Task<bool> Exchange::go_on_elsewhere(EventRelay& relay) {
  EventBatch broken = std::exchange(serving_->held(), EventBatch());
  if (relay.trail) relay.trail->see(broken.bytes);
  count_events(broken.events);
  if (!broken.bytes.empty()) {
    const Result<void> sent = co_await send(std::move(broken.bytes), http::More::yes);
    if (!went_out(sent)) co_return false;
  }
  const bool goes_on = co_await relay.rescue->run(*broken.error);
  relay.event_at = relay.sent_at = core_.loop.now();
  relay.silence.reset();  // another deployment, another patience
  if (goes_on) co_return true;
  if (relay.rescue->has_lost_client()) co_return false;
  const End end = end_of_exchange();
  if (end == End::none) {
    serving_->held() = EventBatch();
    serving_->held().ended = true;
    serving_->held().error = std::move(broken.error);
  }
  co_return end != End::untold;
}

}  // namespace sluice::gateway
