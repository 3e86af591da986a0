// The account stage of an exchange: metrics and one line in the access log.
#include <array>

#include "cost.h"
#include "exchange.h"

namespace sluice::gateway {
namespace {

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
  return model_ == nullptr ? std::string_view{} : std::string_view(deployment.upstream_model);
}

void Exchange::record_attempt(const Attempt& attempt, MonotonicTime ended) {
  const catalog::Deployment& deployment = attempt.deployment();
  last_attempt_ = attempt.times();
  attempts_.push_back({.provider = deployment.provider->name,
                       .deployment = name_of(deployment),
                       .outcome = attempt.outcome(),
                       .status = attempt.status(),
                       .took = ended - last_attempt_.started});
  const auto span = [](MonotonicTime from, MonotonicTime to) {
    return to == MonotonicTime{} ? telemetry::not_reached : to - from;
  };
  core_.metrics.count_attempt(snapshot_.provider_labels[deployment.provider->index],
                              attempt.outcome(),
                              span(last_attempt_.started, last_attempt_.first_byte),
                              span(last_attempt_.slot, last_attempt_.connected));
  if (const auto repair = attempt.repair_outcome()) {
    core_.metrics.count_json_repair(model_label(), as_counted(*repair));
  }
}

telemetry::LabelIndex Exchange::model_label() const noexcept {
  return model_ == nullptr ? telemetry::label_other : snapshot_.label_of(*model_);
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

void Exchange::account() {
  Account account{.usage = {}, .cost_usd = {}, .times = phase_times()};
  // A stored response that is shown again costs nothing again.
  if (serving_ && !is_by_id()) {
    account.usage = serving_->usage();
    // Without a model's name it is the provider who chose one: its price is not known.
    if (model_ != nullptr) account.cost_usd = cost_usd(serving_->deployment().price, account.usage);
  }
  count(account);
  if (core_.access_log != nullptr) log(account);
}

// Tokens and price of one attempt, shown or not: the provider counts both.
void Exchange::count_spent(const Attempt& attempt) {
  const llm::Usage usage = attempt.usage();
  if (!usage.known()) return;
  telemetry::Metrics& metrics = core_.metrics;
  const catalog::Deployment& deployment = attempt.deployment();
  const telemetry::LabelIndex provider = snapshot_.provider_labels[deployment.provider->index];
  const telemetry::LabelIndex model = model_label();
  const std::array counts = {
      std::pair{telemetry::TokenDirection::input, usage.input},
      std::pair{telemetry::TokenDirection::cached_input, usage.cached_input},
      std::pair{telemetry::TokenDirection::output, usage.output},
      std::pair{telemetry::TokenDirection::reasoning, usage.reasoning_output}};
  for (const auto& [direction, tokens] : counts) {
    if (tokens) metrics.count_tokens(provider, model, direction, *tokens);
  }
  if (model_ == nullptr) return;
  const std::optional<double> cost = cost_usd(deployment.price, usage);
  if (cost) metrics.count_cost(provider, model, *cost);
}

void Exchange::count(const Account& account) {
  const telemetry::PhaseTimes& times = account.times;
  telemetry::Metrics& metrics = core_.metrics;
  const telemetry::LabelIndex model = model_label();
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
  if (serving_->form() == Attempt::Form::events) {
    metrics.sse_events_received.add(serving_->events().events_received());
  }
  metrics.upstream_bytes_received.add(serving_->upstream().bytes_in());
  metrics.upstream_bytes_sent.add(serving_->upstream().bytes_out());
  if (!is_by_id()) count_spent(*serving_);  // shown again, it costs nothing again
  if (serving_->usage_unseen()) metrics.usage_unseen.add();
}

void Exchange::log(const Account& account) {
  const auto& [usage, cost, times] = account;
  const http::RequestHead& head = downstream_.head();
  char client[ring::address_text_bytes_max];
  const catalog::Deployment* deployment = serving_ ? &serving_->deployment() : nullptr;
  telemetry::AccessRecord record{
      .time = core_.loop.wall_now() - times.total,
      .request_id = request_id_,
      .client = downstream_.peer().write_to(client),
      .key = caller_ == nullptr ? std::string_view{} : caller_->name(),
      .method = head.method_text,
      .target = head.target,
      .endpoint = located_ ? llm::to_string(endpoint_.operation) : std::string_view{},
      // Only a name we know: what a client typed may be a key pasted into the wrong field.
      .model = model_ == nullptr ? std::string_view{} : std::string_view(model_->name),
      .is_stream = request_.stream,
      .provider = deployment == nullptr ? std::string_view{} : deployment->provider->name,
      .deployment = deployment == nullptr ? std::string_view{} : name_of(*deployment),
      .status = status_,
      .ended_by = ended_by_,
      .reason = reason_,
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
