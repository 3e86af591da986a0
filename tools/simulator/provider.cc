#include "simulator/provider.h"

#include <fmt/format.h>

#include "simulator/echo.h"
#include "simulator/generate.h"
#include "simulator/misshape.h"
#include "simulator/token.h"
#include "sluice/http/head_writer.h"
#include "sluice/http/text.h"

namespace sluice::simulator {
namespace {

namespace status = http::status;

constexpr std::string_view fault_header = "x-sim-fault";
constexpr std::string_view replay_header = "x-sim-replay";
constexpr std::string_view echo_header = "x-sim-echo";
constexpr std::string_view request_id_prefix = "req_";

/// The name behind a model's prefix, or the header's value; empty when neither is there.
std::string_view asked_name(const http::RequestHead& head, std::string_view header,
                            std::string_view model, std::string_view prefix) {
  if (const auto value = head.headers.value(header)) return *value;
  return model.starts_with(prefix) ? model.substr(prefix.size()) : std::string_view{};
}

Answer answer_endpoint(const Ask& ask, Desk& desk) {
  using O = llm::Operation;
  switch (ask.endpoint.operation) {
    case O::chat_completions: return answer_chat(ask, desk);
    case O::completions: return answer_completions(ask, desk);
    case O::embeddings: return answer_embeddings(ask, desk);
    case O::responses:
    case O::responses_retrieve:
    case O::responses_delete:
    case O::responses_cancel:
    case O::responses_input_items:
    case O::responses_input_tokens: return answer_responses(ask, desk);
    case O::images_generations:
    case O::images_edits: return answer_images(ask, desk);
    case O::audio_speech: return answer_speech(ask, desk);
    case O::audio_transcriptions:
    case O::audio_translations: return answer_transcription(ask, desk);
    case O::moderations: return answer_moderations(ask, desk);
    case O::models:
    case O::model: return answer_models(ask, desk);
    case O::messages:
    case O::messages_count_tokens: break;
  }
  return error_answer(status::not_found, "The simulator has no answer for this endpoint.");
}

Wire wire_of(const http::RequestHead& head, const http::Framing& framing, std::size_t body_bytes) {
  return {.keep_alive = framing.keep_alive,
          .http_1_0 = head.version == http::Version::http_1_0,
          .head_only = head.method == http::Method::head,
          .request_body_bytes = body_bytes};
}

}  // namespace

Provider::Provider(const SimulatorConfig& config, const Recordings* recordings,
                   Occasions& occasions, std::uint64_t seed)
    : config_(config), recordings_(recordings), occasions_(occasions), random_(seed) {}

bool Provider::answers_early(const http::RequestHead& head) {
  const auto value = head.headers.value(fault_header);
  if (!value) return false;
  const auto fault = parse_fault(*value);
  // One that is not for all requests is decided on when the request is there.
  return fault && fault->kind == FaultKind::early_response &&
         fault->when.kind == When::Kind::always;
}

Fault Provider::draw_fault(WallTime now) {
  for (const FaultRate& rate : config_.fault_rates) {
    const bool drawn = random_.chance(rate.probability);
    // Of one for all requests nobody need know who was not struck.
    if (!drawn && rate.fault.when.kind == When::Kind::always) continue;
    if (occasions_.strikes(rate.fault, now, drawn)) return rate.fault;
  }
  return {};
}

/// The fault that a request asks for in words; none where it is for others.
std::expected<Fault, std::string> Provider::asked_fault(std::string_view text, WallTime now) {
  auto fault = parse_fault(text);
  if (fault && !occasions_.strikes(*fault, now)) return Fault{};
  return fault;
}

bool Provider::may_enter(const http::RequestHead& head) const {
  if (config_.key.empty()) return true;
  constexpr std::string_view scheme = "bearer ";
  const std::string_view value = head.headers.value("authorization").value_or("");
  return value.size() > scheme.size() &&
         http::equal_ignoring_case(value.substr(0, scheme.size()), scheme) &&
         config_.key.equals(http::trim_blanks(value.substr(scheme.size())));
}

Script Provider::answer(const http::RequestHead& head, const http::Framing& framing,
                        std::string_view body, WallTime now, std::string_view head_bytes) {
  Fault fault = draw_fault(now);
  const Wire wire = wire_of(head, framing, body.size());
  if (head.path.ends_with("/token")) {
    if (auto token = answer_token(head, body, config_.key)) {
      return finish(*token, {}, wire, now);
    }
  }
  if (const auto route = find_route(head.path))
    return answer_route(*route, head, body, fault, wire, now);
  if (!may_enter(head)) {
    return finish(error_answer(status::unauthorized,
                               "Incorrect API key provided. You can find your API key at "
                               "https://platform.openai.com/account/api-keys.",
                               {}, "invalid_api_key"),
                  {}, wire, now);
  }
  auto ask = read_ask(head, body, index_);
  const std::string_view model = ask ? std::string_view(ask->model) : std::string_view{};
  const std::string_view wanted = asked_name(head, fault_header, model, fault_model_prefix);
  if (!wanted.empty()) {
    const auto parsed = asked_fault(wanted, now);
    if (!parsed) {
      return finish(error_answer(status::bad_request, parsed.error(), fault_header), {}, wire, now);
    }
    fault = *parsed;
  }
  // A fault without a body (early-response, a status) needs no request that is right.
  Answer answer = ask ? answer_ask(head, body, *ask, now) : std::move(ask.error());
  misshape(answer, fault);
  Script script = finish(answer, fault, wire, now);
  const bool asked_for_nothing = wanted.empty() && fault.kind == FaultKind::none;
  if (asked_for_nothing && framing.kind == http::BodyKind::length && !head_bytes.empty())
    remember(head_bytes, body, answer, script, now);
  return script;
}

// Only what goes out at once and whole; and where faults are drawn no request is like another.
void Provider::remember(std::string_view head, std::string_view body, const Answer& answer,
                        const Script& script, WallTime now) {
  if (!answer.said || !config_.pace.is_unpaced() || !config_.fault_rates.empty() ||
      script.end != Script::End::keep_alive) {
    return;
  }
  chat_id_ = answer.said->id;
  memory_.learn(head, body, *answer.said, request_id_, script.bytes, now);
}

Provider::Alike Provider::answer_like_the_last(std::string_view received, WallTime now) {
  const Memory::Recalled recalled = memory_.recall(received, now);
  if (recalled.form == nullptr) return {};
  // As answer() draws them: the same seed gives the same bytes, understood anew or not.
  draw_letters(chat_id_, chat_id_prefix.size(), random_);
  draw_letters(request_id_, request_id_prefix.size(), random_);
  return {recalled.request_bytes, recalled.form->fill({request_id_, chat_id_, recalled.seed})};
}

Answer Provider::answer_ask(const http::RequestHead& head, std::string_view body, const Ask& ask,
                            WallTime now) {
  const std::string_view recorded = asked_name(head, replay_header, ask.model, replay_model_prefix);
  if (!recorded.empty()) {
    const Answer* answer = recordings_ == nullptr ? nullptr : recordings_->find(recorded);
    if (answer != nullptr) return *answer;
    return error_answer(status::not_found, fmt::format("There is no recording '{}'.", recorded),
                        replay_header);
  }
  if (head.headers.contains(echo_header) || ask.model == echo_model) return answer_echo(head, body);
  Desk desk{config_, random_, now};
  return answer_endpoint(ask, desk);
}

Script Provider::finish(const Answer& answer, const Fault& fault, Wire wire, WallTime now) {
  request_id_ = make_id(request_id_prefix, random_, 32);
  wire.request_id = request_id_;
  wire.date = date_of(now);
  return write_script(answer, fault, config_.pace, wire, random_);
}

Script Provider::refuse(const http::Rejection& rejection, WallTime now) {
  return finish(error_answer(rejection.answer, rejection.reason), {}, {.keep_alive = false}, now);
}

Script Provider::page(std::string body, const http::Framing& framing, WallTime now) {
  Answer answer;
  answer.body = std::move(body);
  return finish(std::move(answer), {}, {.keep_alive = framing.keep_alive}, now);
}

std::string_view Provider::date_of(WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (date_.empty() || second != date_second_) {
    date_second_ = second;
    date_ = http::format_http_date(now).view();
  }
  return date_;
}

}  // namespace sluice::simulator
