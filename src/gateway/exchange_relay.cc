// The relay stage of an exchange and every other answer: what goes downstream, and how.
#include <algorithm>
#include <array>
#include <utility>

#include "answer_tail.h"
#include "exchange.h"
#include "exchange_rescue.h"
#include "header_rules.h"
#include "routing_trail.h"
#include "sluice/base/assert.h"
#include "sluice/llm/token_count.h"
#include "sluice/llm/token_estimate.h"
#include "visible_models.h"

namespace sluice::gateway {
namespace {

using llm::ApiError;

constexpr std::string_view keep_alive_comment = ": keep-alive\n\n";

SliceChain chain_of(std::string text) {
  SliceChain chain;
  chain.push(Slice::take(std::move(text)));
  return chain;
}

// How long the end of an answer may take when the server is told to end.
constexpr auto last_words_timeout = std::chrono::seconds(1);

}  // namespace

// What ends a write: that the client left; when the server ends, that the time for it is over.
StopToken Exchange::writing() {
  if (!downstream_.server_ends()) return downstream_.departed();
  if (!last_words_) {
    last_words_.emplace(core_.loop, core_.loop.now() + last_words_timeout, StopToken{});
  }
  return last_words_->token();
}

// False when the answer cannot go on. How long a client may read nothing is the downstream's to
// know: it sees the parts of a write go.
Task<bool> Exchange::send(SliceChain bytes, http::More more) {
  const Result<void> sent = co_await downstream_.write(std::move(bytes), more, writing());
  if (!sent) note_unsent(sent.error());
  co_return sent.has_value();
}

Task<bool> Exchange::send_keep_alive() {
  SliceChain comment;
  comment.push(Slice::of_static(keep_alive_comment));
  core_.metrics.sse_keep_alives_sent.add();
  return send(std::move(comment), http::More::yes);
}

Task<void> Exchange::answer_json(http::StatusCode status, std::string body,
                                 std::span<const http::Header> more) {
  status_ = status;
  std::vector<http::Header> own = {{"Content-Type", "application/json"},
                                   {"x-request-id", request_id_}};
  own.insert(own.end(), more.begin(), more.end());
  const http::OutgoingResponse response{.status = status, .fields = {.own = own}};
  SliceChain answer = chain_of(std::move(body));
  add_trail(answer);
  const Result<void> sent = co_await downstream_.respond(response, std::move(answer), writing());
  if (!sent) note_unsent(sent.error());
}

Task<void> Exchange::answer_error(ApiError error) {
  note_failure(error);
  status_ = error.status;
  std::vector<http::Header> own = {{"Content-Type", "application/json"},
                                   {"x-request-id", request_id_}};
  const std::optional<std::string> retry_after = llm::retry_after_value(error);
  if (retry_after) own.push_back({"Retry-After", *retry_after});
  if (!allow_.empty()) own.push_back({"Allow", allow_});
  if (error.status == 401) own.push_back({"WWW-Authenticate", "Bearer"});
  const http::OutgoingResponse response{.status = static_cast<http::StatusCode>(error.status),
                                        .fields = {.own = own}};
  const llm::Dialect dialect = located_ ? endpoint_.dialect : llm::Dialect::openai;
  SliceChain answer = chain_of(llm::render_error_body(error, dialect, request_id_));
  add_trail(answer);
  const Result<void> sent = co_await downstream_.respond(response, std::move(answer), writing());
  if (!sent) note_unsent(sent.error());
}

Task<void> Exchange::answer_locally() {
  body_at_ = core_.loop.now();
  pin_regions();
  const ModelViewer viewer{.models = snapshot_.models, .caller = *caller_, .pin = pin_};
  if (endpoint_.operation == llm::Operation::models) {
    co_await answer_json(http::status::ok, visible_models_json(viewer));
    co_return;
  }
  own_.model = snapshot_.models.select(endpoint_.id).model;
  if (own_.model == nullptr || !caller_->may_use(own_.model->name)) {
    co_await answer_error(llm::errors::model_unknown(endpoint_.id));
    co_return;
  }
  std::string body = visible_model_json(*own_.model, viewer);
  if (body.empty()) {
    co_await answer_error(llm::errors::region_unavailable(endpoint_.id));
    co_return;
  }
  co_await answer_json(http::status::ok, std::move(body));
}

Task<void> Exchange::answer_estimate() {
  if (MaybeError refused = read_chat()) {
    co_await answer_error(std::move(*refused));
    co_return;
  }
  const std::array estimated = {http::Header{"x-sluice-estimated", "input_tokens"}};
  co_await answer_json(
      http::status::ok,
      llm::token_count_answer(endpoint_.operation, llm::estimate_tokens(*ask_->chat)), estimated);
}

Task<void> Exchange::relay() {
  switch (serving_->form()) {
    case Attempt::Form::whole: co_await relay_whole(); break;
    case Attempt::Form::events: co_await relay_events(); break;
    case Attempt::Form::bytes: co_await relay_bytes(); break;
  }
  if (serving_is_recorded_) co_return;
  record_attempt(*serving_, core_.loop.now(), broken_ ? &*broken_ : nullptr);
}

// Begins the answer with the provider's head; false when a field of it must not go out.
bool Exchange::start(std::optional<std::uint64_t> length_bytes) {
  const http::ResponseHead& head = serving_->head();
  status_ = head.status;
  std::vector<http::Header>& own = core_.fields;
  own.clear();
  own.push_back({"x-request-id", request_id_});
  own.push_back({"x-sluice-provider", serving_->deployment().provider->name});
  const std::string_view region = serving_->deployment().region;
  if (!region.empty()) own.push_back({"x-sluice-region", region});
  const std::string_view upstream_id = upstream_request_id(head.headers);
  if (!upstream_id.empty()) own.push_back({"x-upstream-request-id", upstream_id});
  if (!serving_->dropped().empty()) own.push_back({"x-sluice-dropped", serving_->dropped()});
  if (!serving_->estimated().empty()) {
    own.push_back({"x-sluice-estimated", serving_->estimated()});
  }
  const TranslatedCall* const call = serving_->call();
  if (call != nullptr) own.push_back({"Content-Type", call->answer_media_type()});
  const http::OutgoingResponse response{
      .status = head.status,
      .reason = {},
      .fields = {.forwarded = &head.headers,
                 .dropped = dropped_response_fields(call != nullptr),
                 .own = own}};
  const Result<void> started = downstream_.start(response, length_bytes);
  if (started) return true;
  // The parser let nothing in that the writer would not let out: a configured name is at fault.
  ended_by_ = telemetry::EndedBy::gateway;
  reason_ = started.error().what;
  downstream_.abort();
  return false;
}

Task<void> Exchange::relay_whole() {
  SliceChain body = std::move(serving_->held().bytes);
  add_trail(body);
  if (!start(body.size_bytes())) co_return;
  (void)co_await send(std::move(body), http::More::no);
}

Task<void> Exchange::relay_events() {
  if (!start(std::nullopt)) co_return;
  EventBatch batch = std::move(serving_->held());
  MonotonicTime last_event_at = core_.loop.now();
  MonotonicTime last_sent_at = last_event_at;
  std::optional<StreamTrail> trail;
  if (shows_routing()) trail.emplace(core_.index, endpoint_.operation);
  bool ends_in_cr = false;  // what was relayed: an event is over then, but its LF may never come
  std::unique_ptr<StreamRescue> rescue;  // made when first needed
  while (true) {
    if (batch.error && serving_->so_far() != nullptr && !rescue) {
      rescue = std::make_unique<StreamRescue>(*this);
    }
    if (batch.error && rescue && rescue->may_help(*batch.error)) {
      if (trail) trail->see(batch.bytes);
      if (!co_await go_on_elsewhere(*rescue, batch)) co_return;
      last_event_at = last_sent_at = core_.loop.now();
      continue;
    }
    events_ += batch.events;
    core_.metrics.sse_events_sent.add(batch.events);
    if (!batch.bytes.empty()) {
      ends_in_cr = batch.bytes[batch.bytes.count() - 1].view().ends_with('\r');
    }
    if (batch.error) {
      note_failure(*batch.error);
      serving_->set_outcome(outcome_of(*batch.error));
      broken_ = *batch.error;
      if (!batch.error_shown) {
        ++events_;
        core_.metrics.sse_events_sent.add();
        if (ends_in_cr) batch.bytes.push(Slice::of_static("\n"));
        batch.bytes.push(
            Slice::take(llm::render_error_event(*batch.error, endpoint_.dialect, request_id_)));
      }
    }
    if (trail) trail->see(batch.bytes);
    if (trail && batch.ended && trail->put(batch.bytes, routing_trail())) {
      ++events_;
      core_.metrics.sse_events_sent.add();
    }
    if (!batch.bytes.empty() || batch.ended) {
      const bool sent =
          co_await send(std::move(batch.bytes), batch.ended ? http::More::no : http::More::yes);
      if (!sent || batch.ended) co_return;
      last_sent_at = core_.loop.now();
    }
    NextEvents next = co_await next_events(last_event_at, last_sent_at);
    if (next.stopped) co_return;
    batch = std::move(next.batch);
  }
}

// Shows what came before the break, and makes `batch` what comes behind it: the first of what
// another attempt says, or the error. False: nothing more is to be said.
Task<bool> Exchange::go_on_elsewhere(StreamRescue& rescue, EventBatch& batch) {
  events_ += batch.events;
  core_.metrics.sse_events_sent.add(batch.events);
  if (!batch.bytes.empty() && !co_await send(std::move(batch.bytes), http::More::yes)) {
    co_return false;
  }
  llm::ApiError error = std::move(*batch.error);
  batch = EventBatch();
  if (co_await rescue.run(error, batch)) co_return true;
  if (rescue.has_lost_client()) co_return false;
  batch = EventBatch();
  batch.ended = true;
  batch.error = std::move(error);
  if (auto over = end_of_exchange()) {
    if (over->stopped) co_return false;
    batch = std::move(over->batch);
  }
  co_return true;
}

// What is to be said when the exchange is over, whatever the provider would say; nothing: it is
// not.
std::optional<Exchange::NextEvents> Exchange::end_of_exchange() {
  NextEvents over;
  over.batch.ended = true;
  if (downstream_.server_ends()) {
    over.batch.error = llm::errors::gateway_shutting_down();
  } else if (downstream_.departed().stop_requested()) {
    note_client_left();
    over.stopped = true;
  } else if (total_->passed()) {
    over.batch.error =
        relay_timeout(llm::errors::Deadline::total, core_.loop.now() - downstream_.began_at());
  } else {
    return std::nullopt;
  }
  return over;
}

// Waits for what the provider sends next, and keeps the client's connection alive meanwhile. The
// stream stands between two events here, so a comment may be put in.
Task<Exchange::NextEvents> Exchange::next_events(MonotonicTime& last_event_at,
                                                 MonotonicTime& last_sent_at) {
  const auto keep_alive =
      std::chrono::milliseconds(snapshot_.config.streaming.keep_alive_comment_ms);
  const auto idle = serving_->deployment().timeouts.idle;
  while (true) {
    const MonotonicTime idle_at = last_event_at + idle;
    const MonotonicTime comment_at =
        keep_alive.count() > 0 ? last_sent_at + keep_alive : MonotonicTime::max();
    ring::Deadline deadline(core_.loop, std::min(idle_at, comment_at), total_->token());
    Result<EventBatch> batch = co_await serving_->events().next(deadline.token());
    // A provider that never falls silent must not outlast the exchange's deadline, or the server.
    if (batch && !total_->passed() && (batch->ended || !downstream_.server_ends())) {
      last_event_at = core_.loop.now();
      co_return NextEvents{.batch = std::move(*batch)};
    }
    if (auto over = end_of_exchange()) co_return std::move(*over);
    const MonotonicTime now = core_.loop.now();
    if (now >= idle_at) {
      NextEvents timed_out;
      timed_out.batch.ended = true;
      timed_out.batch.error = relay_timeout(llm::errors::Deadline::idle, now - last_event_at);
      co_return timed_out;
    }
    if (!co_await send_keep_alive()) co_return NextEvents{.batch = {}, .stopped = true};
    last_sent_at = core_.loop.now();
  }
}

Task<void> Exchange::relay_bytes() {
  http::ClientExchange& upstream = serving_->upstream();
  std::optional<std::uint64_t> length;
  if (upstream.framing().kind == http::BodyKind::length) length = upstream.framing().length_bytes;
  if (!start(length)) co_return;
  SliceChain part = std::move(serving_->held().bytes);
  const bool keeps_tail = serving_->usage_may_be_last();
  AnswerTail tail;
  while (true) {
    const bool last = upstream.complete();
    if (keeps_tail) tail.add(part);
    if (keeps_tail && last) serving_->read_usage(tail.view());
    const bool sent = co_await send(std::move(part), last ? http::More::no : http::More::yes);
    if (!sent || last) co_return;
    ring::Deadline idle(core_.loop, core_.loop.now() + serving_->deployment().timeouts.idle,
                        total_->token());
    Result<SliceChain> next = co_await upstream.read_body(idle.token());
    if (next && !total_->passed()) {
      part = std::move(*next);
      continue;
    }
    // Too late for a status: only a broken connection says that this is not the whole answer.
    downstream_.abort();
    if (downstream_.server_ends()) {
      note_shut_down();
    } else if (downstream_.departed().stop_requested()) {
      note_client_left();
    } else {
      ended_by_ = telemetry::EndedBy::provider;
      const bool late = idle.passed() || total_->passed();
      reason_ = late ? "timed out" : next.error().what;
      cut_cause_ = late ? ErrorKind::deadline_exceeded : next.error().kind;
      serving_->set_outcome(late ? telemetry::AttemptOutcome::timed_out
                                 : telemetry::outcome_of_error(next.error()));
    }
    co_return;
  }
}

}  // namespace sluice::gateway
