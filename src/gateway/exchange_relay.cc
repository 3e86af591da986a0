// The relay stage of an exchange and every other answer: what goes downstream, and how. Of event
// streams: exchange_events.cc.
#include <algorithm>
#include <array>
#include <utility>

#include "answer_tail.h"
#include "exchange.h"
#include "header_rules.h"
#include "routing_trail.h"
#include "sluice/base/assert.h"
#include "sluice/llm/token_count.h"
#include "sluice/llm/token_estimate.h"
#include "visible_models.h"

namespace sluice::gateway {
namespace {

using llm::ApiError;

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
    last_words_ = std::make_unique<ring::Deadline>(
        core_.loop, core_.loop.now() + last_words_timeout, StopToken{});
  }
  return last_words_->token();
}

// How long a client may read nothing is the downstream's to know: it sees the parts of a write go.
// No coroutine of its own: it would be one more for each event.
Task<Result<void>> Exchange::send(SliceChain bytes, http::More more) {
  return downstream_.write(std::move(bytes), more, writing());
}

// False when the answer cannot go on.
bool Exchange::went_out(const Result<void>& sent) {
  if (!sent) note_unsent(sent.error());
  return sent.has_value();
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

// An answer may take minutes: what was needed to get it is not kept for so long, unless others are
// to go on with it if it breaks off.
void Exchange::let_go() {
  if (serving_->so_far() != nullptr) return;
  own_.let_go();
  for (const std::unique_ptr<Ask>& ask : fallback_asks_) {
    if (ask) ask->let_go();
  }
  serving_->let_go();
}

// No coroutine of its own: it would have a frame for as long as the answer takes.
Task<void> Exchange::relay() {
  if (serving_->form() != Attempt::Form::whole) let_go();
  switch (serving_->form()) {
    case Attempt::Form::whole: return relay_whole();
    case Attempt::Form::events: return relay_events();
    case Attempt::Form::bytes: return relay_bytes();
  }
  __builtin_unreachable();
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
  const Result<void> sent = co_await send(std::move(body), http::More::no);
  (void)went_out(sent);
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
    const Result<void> sent =
        co_await send(std::move(part), last ? http::More::no : http::More::yes);
    if (!went_out(sent) || last) co_return;
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
