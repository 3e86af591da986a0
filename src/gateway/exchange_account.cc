// The account stage of an exchange: metrics and one line in the access log.
#include <algorithm>
#include <array>

#include "cost.h"
#include "exchange.h"
#include "failure.h"

namespace sluice::gateway {
namespace {

// Of more candidates than these a line says nothing.
constexpr std::size_t considered_logged_max = 32;

telemetry::JsonRepair as_counted(llm::RepairOutcome outcome) noexcept {
  switch (outcome) {
    case llm::RepairOutcome::unneeded: return telemetry::JsonRepair::unneeded;
    case llm::RepairOutcome::repaired: return telemetry::JsonRepair::repaired;
    case llm::RepairOutcome::failed: return telemetry::JsonRepair::failed;
  }
  __builtin_unreachable();
}

}  // namespace

Duration Exchange::since_began(MonotonicTime time) const noexcept {
  return time == MonotonicTime{} ? telemetry::not_reached : time - downstream_.began_at();
}

void Exchange::note_failure(const llm::ApiError& error) {
  cut_cause_ = error.cause;
  // An error answer that the client gets whole is an orderly end; a stream's is not.
  if (downstream_.started()) ended_by_ = telemetry::ended_by(error.fault);
  reason_ = llm::to_string(error.kind);
}

void Exchange::note_client_left() {
  ended_by_ = telemetry::EndedBy::client;
  cut_cause_ = ErrorKind::connection_closed;
  reason_ = "the client left";
  if (serving_ && !serving_->settled()) {
    serving_->set_outcome(telemetry::AttemptOutcome::cancelled);
  }
}

void Exchange::note_shut_down() {
  ended_by_ = telemetry::EndedBy::gateway;
  cut_cause_ = ErrorKind::cancelled;
  reason_ = llm::to_string(llm::ApiErrorKind::shutting_down);
  if (serving_ && !serving_->settled()) {
    serving_->set_outcome(telemetry::AttemptOutcome::cancelled);
  }
}

void Exchange::note_unsent(const Error& error) {
  if (error.kind == ErrorKind::cancelled && downstream_.server_ends()) {
    note_shut_down();
    return;
  }
  note_client_left();
  if (error.kind != ErrorKind::deadline_exceeded) return;
  ended_by_ = telemetry::EndedBy::gateway;
  cut_cause_ = ErrorKind::deadline_exceeded;
  reason_ = "the client read nothing for too long";
}

// Of a request that names no model the deployment stands for its provider alone.
std::string_view Exchange::name_of(const catalog::Deployment& deployment) const noexcept {
  return own_.model == nullptr ? std::string_view{} : std::string_view(deployment.upstream_model);
}

// What the attempt says of whom it was asked of.
void Exchange::settle_health(Attempt& attempt, MonotonicTime ended, const llm::ApiError* error) {
  priced_ = nullptr;  // an earlier one may have stood where this one stands
  const std::optional<Health::Ticket> ticket = attempt.take_ticket();
  if (!ticket) return;  // settled before
  may_rotate_ = false;
  const upstream::AttemptEnd end = end_of(attempt, ended, error);
  Health::Says says;
  if (error != nullptr && error->retry_after_told) says.wait = *error->retry_after;
  if (ticket->credential && upstream::is_of_credential(end.verdict)) {
    says.is_key_bad = error != nullptr && !attempt.sends_token() && is_key_bad(*error);
    note_refused_credential(*ticket, attempt.deployment(), end.verdict, says);
  }
  generation_->health().end(*ticket, end, says, ended);
}

// Another credential may have what this one was refused: the deployment has not failed yet.
void Exchange::note_refused_credential(const Health::Ticket& ticket,
                                       const catalog::Deployment& deployment,
                                       upstream::Verdict verdict, Health::Says& says) {
  AttemptContext& known = context();
  known.tried.push_back(
      {.deployment = deployment.index, .credential = ticket.credential->credential});
  says.others_may_have_it = generation_->health().has_credential(
      deployment, tried_at(known, deployment), core_.loop.now());
  may_rotate_ = says.others_may_have_it;
  if (const auto refusal = credential_refusal_of(verdict, says.is_key_bad)) {
    core_.metrics.count_credential_refusal(snapshot_.provider_labels[deployment.provider->index],
                                           *refusal);
  }
}

// A key of the caller's own that is refused, or has used up its rate, says nothing of anybody
// else's.
upstream::AttemptEnd Exchange::end_of(const Attempt& attempt, MonotonicTime ended,
                                      const llm::ApiError* error) {
  const AttemptTimes& times = attempt.times();
  const llm::Usage usage = attempt.usage();
  upstream::AttemptEnd end{.verdict = verdict_of(attempt.outcome(), error)};
  if (attempt.is_on_callers_account() &&
      upstream::outcome_of(end.verdict) == upstream::Outcome::abandoned) {
    end.verdict = upstream::Verdict::abandoned;
  }
  // Nor does a caller's impatience: who must wait for a model waits as long as the file says. Who
  // has its first content has all the patience there is.
  const bool is_waiting = times.first_content == MonotonicTime{};
  const bool is_impatience =
      (is_waiting && attempt.is_callers_patience()) || (total_is_callers_ && total_->passed());
  if (attempt.outcome() == telemetry::AttemptOutcome::timed_out && is_impatience) {
    end.verdict = upstream::Verdict::abandoned;
  }
  const auto since_start = [&](MonotonicTime time) {
    return time == MonotonicTime{} ? Duration(-1) : time - times.started;
  };
  end.first_byte = since_start(times.first_byte);
  if (attempt.form() == Attempt::Form::events && times.first_content != MonotonicTime{}) {
    end.first_content = times.first_content - times.started;
    end.output_tokens = usage.output.value_or(0);
    end.generating = ended - times.first_content;
    end.events = static_cast<std::uint32_t>(events_ - events_before_);
    end.gaps = end.generating;
  }
  if (const auto cost = is_priced(attempt) ? cost_of(attempt) : std::nullopt; cost && *cost > 0) {
    end.spend_billionths = static_cast<std::uint64_t>(*cost * 1e9);
  }
  return end;
}

// Of a request that names no model the provider chose one; a stored response that is shown again
// costs nothing again.
bool Exchange::is_priced(const Attempt& attempt) const noexcept {
  return attempt.model() != nullptr && !is_by_id();
}

// Health, metrics and log each want to know; what an attempt used does not change once it is over.
std::optional<double> Exchange::cost_of(const Attempt& attempt) {
  if (priced_ != &attempt) {
    priced_ = &attempt;
    price_usd_ = cost_usd(attempt.deployment().price, attempt.usage());
  }
  return price_usd_;
}

telemetry::AttemptRecord Exchange::record_of(const Attempt& attempt, MonotonicTime ended) {
  const catalog::Deployment& deployment = attempt.deployment();
  return {.provider = deployment.provider->name,
          .deployment = name_of(deployment),
          .outcome = attempt.outcome(),
          .status = attempt.status(),
          .took = ended - attempt.times().started,
          .cost_usd = is_priced(attempt) ? cost_of(attempt) : std::nullopt};
}

void Exchange::record_attempt(Attempt& attempt, MonotonicTime ended, const llm::ApiError* error) {
  settle_health(attempt, ended, error);
  const catalog::Deployment& deployment = attempt.deployment();
  last_attempt_ = attempt.times();
  attempts_.push_back(record_of(attempt, ended));
  const auto span = [](MonotonicTime from, MonotonicTime to) {
    return to == MonotonicTime{} ? telemetry::not_reached : to - from;
  };
  core_.metrics.count_attempt(snapshot_.provider_labels[deployment.provider->index],
                              attempt.outcome(),
                              span(last_attempt_.started, last_attempt_.first_byte),
                              span(last_attempt_.slot, last_attempt_.connected));
  core_.metrics.count_deployment_attempt(attempt.model() == nullptr
                                             ? telemetry::label_other
                                             : snapshot_.deployment_labels[deployment.index],
                                         attempt.outcome());
  if (const auto repair = attempt.repair_outcome()) {
    core_.metrics.count_json_repair(label_of(attempt.model()), as_counted(*repair));
  }
}

void Exchange::record_stopped(Attempt& attempt) {
  attempt.set_outcome(total_->passed() ? telemetry::AttemptOutcome::timed_out
                                       : telemetry::AttemptOutcome::cancelled);
  record_attempt(attempt, core_.loop.now());
  count_spent(attempt);
}

telemetry::LabelIndex Exchange::label_of(const catalog::Model* model) const noexcept {
  return model == nullptr ? telemetry::label_other : snapshot_.label_of(*model);
}

telemetry::PhaseTimes Exchange::phase_times() const noexcept {
  return {.head = since_began(downstream_.head_at()),
          .body = since_began(body_at_),
          .media = since_began(media_at_),
          .queue = since_began(last_attempt_.slot),
          .connect = since_began(last_attempt_.connected),
          .first_byte = since_began(last_attempt_.first_byte),
          .first_content = since_began(last_attempt_.first_content),
          .total = core_.loop.now() - downstream_.began_at()};
}

Task<void> Exchange::account() {
  Account account{.usage = {}, .cost_usd = {}, .times = phase_times()};
  // A stored response that is shown again costs nothing again.
  if (serving_ && !is_by_id()) {
    account.usage = serving_->usage();
    // Without a model's name it is the provider who chose one: its price is not known.
    if (serving_->model() != nullptr) account.cost_usd = cost_of(*serving_);
  }
  count(account);
  if (core_.access_log == nullptr) co_return;
  co_await core_.loop.next_stage();
  log(account);
  co_await core_.loop.next_stage();  // what is let go now is as much code again
}

// Tokens and price of one attempt, shown or not: the provider counts both.
void Exchange::count_spent(const Attempt& attempt, const llm::Usage& usage) {
  if (!usage.known()) return;
  telemetry::Metrics& metrics = core_.metrics;
  const catalog::Deployment& deployment = attempt.deployment();
  const telemetry::LabelIndex provider = snapshot_.provider_labels[deployment.provider->index];
  const telemetry::LabelIndex model = label_of(attempt.model());
  const std::array counts = {
      std::pair{telemetry::TokenDirection::input, usage.input},
      std::pair{telemetry::TokenDirection::cached_input, usage.cached_input},
      std::pair{telemetry::TokenDirection::output, usage.output},
      std::pair{telemetry::TokenDirection::reasoning, usage.reasoning_output}};
  for (const auto& [direction, tokens] : counts) {
    if (tokens) metrics.count_tokens(provider, model, direction, *tokens);
  }
  if (attempt.model() == nullptr) return;
  const std::optional<double> cost = cost_of(attempt);
  if (cost) metrics.count_cost(provider, model, *cost);
}

void Exchange::count(const Account& account) {
  const telemetry::PhaseTimes& times = account.times;
  telemetry::Metrics& metrics = core_.metrics;
  const telemetry::LabelIndex model = label_of(own_.model);
  metrics.count_exchange(
      {.endpoint = located_
                       ? snapshot_.endpoint_labels[static_cast<std::size_t>(endpoint_.operation)]
                       : telemetry::label_other,
       .model = model,
       .status = status_,
       .ended_by = ended_by_,
       .error = cut_cause_,
       .total = times.total,
       .first_byte = times.first_byte,
       .first_content = times.first_content,
       .request_body_bytes = downstream_.bytes_in(),
       .response_body_bytes = downstream_.bytes_out()});
  metrics.downstream_bytes_received.add(downstream_.bytes_in());
  metrics.downstream_bytes_sent.add(downstream_.bytes_out());
  if (!serving_) return;
  count_received(*serving_);
  if (!is_by_id()) count_spent(*serving_, account.usage);  // shown again, it costs nothing again
  if (serving_->usage_unseen()) metrics.usage_unseen.add();
}

// Of an attempt that was shown, in part at least.
void Exchange::count_received(const Attempt& attempt) {
  telemetry::Metrics& metrics = core_.metrics;
  if (attempt.form() == Attempt::Form::events) {
    metrics.sse_events_received.add(attempt.events().events_received());
  }
  metrics.upstream_bytes_received.add(attempt.upstream().bytes_in());
  metrics.upstream_bytes_sent.add(attempt.upstream().bytes_out());
}

// Where there was a choice: what was thought of each, as of the last plan.
CachedVector<telemetry::ConsideredRecord> Exchange::considered_records() const {
  CachedVector<telemetry::ConsideredRecord> records;
  const route::Plan& plan = ask_->plan;
  if (plan.considered.size() < 2) return records;
  const std::size_t shown = std::min(plan.considered.size(), considered_logged_max);
  records.reserve(shown);
  for (const route::Considered& each : std::span(plan.considered).first(shown)) {
    const bool scored = plan.strategy == route::Strategy::score && plan.steps.size() > 1 &&
                        each.obstacle == route::Obstacle::none;
    records.push_back({.provider = each.deployment->provider->name,
                       .deployment = name_of(*each.deployment),
                       .obstacle = route::to_string(each.obstacle),
                       .score = scored ? std::optional(each.terms.total) : std::nullopt});
  }
  return records;
}

void Exchange::log(const Account& account) {
  const auto& [usage, cost, times] = account;
  const http::RequestHead& head = downstream_.head();
  char client[ring::address_text_bytes_max];
  const catalog::Deployment* deployment = serving_ ? &serving_->deployment() : nullptr;
  const CachedVector<telemetry::ConsideredRecord> considered = considered_records();
  telemetry::AccessRecord record{
      .time = core_.loop.wall_now() - times.total,
      .request_id = request_id_,
      .client = downstream_.peer().write_to(client),
      .key = caller_ == nullptr ? std::string_view{} : caller_->name(),
      .method = head.method_text,
      .target = head.target,
      .endpoint = located_ ? llm::to_string(endpoint_.operation) : std::string_view{},
      // Only a name we know: what a client typed may be a key pasted into the wrong field.
      .model = own_.model == nullptr ? std::string_view{} : std::string_view(own_.model->name),
      .is_stream = own_.request.stream,
      .provider = deployment == nullptr ? std::string_view{} : deployment->provider->name,
      .deployment = deployment == nullptr ? std::string_view{} : name_of(*deployment),
      .status = status_,
      .ended_by = ended_by_,
      .reason = reason_,
      .strategy = llm::to_string(ask_->plan.strategy),
      .chosen_by =
          ask_->plan.steps.empty() ? std::string_view{} : route::to_string(ask_->plan.reason),
      .considered = considered,
      .attempts = attempts_,
      .times = times,
      .client_bytes_in = downstream_.bytes_in(),
      .client_bytes_out = downstream_.bytes_out(),
      .tokens = {.input = usage.input,
                 .cached_input = usage.cached_input,
                 .output = usage.output,
                 .reasoning = usage.reasoning_output},
      .cost_usd = cost,
      .events = events_};
  if (serving_) {
    record.provider_bytes_in = serving_->upstream().bytes_in();
    record.provider_bytes_out = serving_->upstream().bytes_out();
  }
  core_.text.clear();
  telemetry::write_line(record, core_.text);
  core_.access_log->append(core_.text);
}

}  // namespace sluice::gateway
