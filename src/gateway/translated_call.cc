#include "translated_call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cost.h"
#include "sluice/base/assert.h"
#include "sluice/llm/embeddings_answer.h"
#include "sluice/llm/embeddings_call.h"
#include "sluice/llm/openai_host_edits.h"
#include "sluice/llm/openai_request.h"
#include "sluice/llm/token_count.h"
#include "speech.h"

namespace sluice::gateway {
namespace {

std::optional<double> cost_at(const void* price, const llm::Usage& usage) {
  return cost_usd(*static_cast<const catalog::Price*>(price), usage);
}

}  // namespace

TranslatedCall::TranslatedCall(const Config& config)
    : config_(config), dialect_(chat_dialect(config.deployment, config.request.operation)) {
  SLUICE_ASSERT((config.chat == nullptr) != (config.embeddings == nullptr));
}

llm::WrittenCall TranslatedCall::write_body(json::Index& index) const {
  const llm::ChatTarget target = chat_target(config_.deployment);
  if (config_.embeddings != nullptr) {
    return llm::write_embeddings_call(*config_.embeddings, target);
  }
  const auto write = llm::asks_token_count(config_.request.operation) ? llm::write_count_call
                                                                      : llm::write_chat_call;
  return write(dialect_, *config_.chat, target, index);
}

std::expected<std::unique_ptr<TranslatedCall>, llm::ApiError> TranslatedCall::write(
    const Config& config, json::Index& index) {
  std::unique_ptr<TranslatedCall> call(new TranslatedCall(config));
  llm::WrittenCall written = call->write_body(index);
  index.clear();
  if (!written) return std::unexpected(std::move(written.error()));
  call->target_ = std::move(written->target);
  call->body_ = Slice::take(std::move(written->body));
  call->dropped_ = std::move(written->dropped);
  if (call->dialect_ == llm::ChatDialect::openai) {
    if (auto refused = call->adapt_to_host(index)) return std::unexpected(std::move(*refused));
  }
  call->asked_ = std::move(written->asked);
  call->asked_.provider = config.deployment.provider->name;
  return call;
}

// A host of the OpenAI dialect with ways of its own gets a body written for OpenAI, edited as a
// caller's own would be. It may be larger and deeper than what the caller sent, and so over a
// limit.
std::optional<llm::ApiError> TranslatedCall::adapt_to_host(json::Index& index) {
  const llm::HostTraits& host = config_.deployment.provider->host;
  if (host.is_plain()) return std::nullopt;
  const llm::Endpoint endpoint{.operation = llm::Operation::chat_completions,
                               .body = llm::BodyForm::json,
                               .streaming = llm::Streaming::by_field};
  const auto request = llm::understand_openai_json(endpoint, body_.view(), index);
  if (!request) return request.error();
  const auto edits =
      llm::openai_host_edits(*request, body_.view(), host, config_.deployment.traits, index);
  index.clear();
  if (!edits) return std::nullopt;
  for (const std::string& name : edits->dropped) {
    if (std::ranges::find(dropped_, name) == dropped_.end()) dropped_.push_back(name);
  }
  body_ = llm::openai_upstream_body(*request, body_, config_.deployment.upstream_model, &*edits)
              .gather();
  return std::nullopt;
}

std::string_view TranslatedCall::answer_media_type() const noexcept {
  return config_.request.stream ? "text/event-stream" : "application/json";
}

llm::AnswerFrame TranslatedCall::frame() const {
  return {
      .request_id = config_.request_id,
      .provider = config_.deployment.provider->name,
      .model = config_.request.model,
      .created =
          std::chrono::duration_cast<std::chrono::seconds>(config_.now.time_since_epoch()).count(),
      .usage_shown = config_.request.usage_shown,
      .reasoning_shown = config_.chat == nullptr || !config_.chat->reasoning.hidden,
      .cost = cost()};
}

llm::AnswerFrame::Cost TranslatedCall::cost() const noexcept {
  return {.context = &config_.deployment.price, .of = cost_at};
}

std::unique_ptr<llm::ChatReader> TranslatedCall::reader() const {
  return llm::make_chat_reader(dialect_, asked_);
}

std::unique_ptr<llm::AnswerTranslation> TranslatedCall::translation() const {
  SLUICE_ASSERT(config_.chat != nullptr);
  if (llm::asks_token_count(config_.request.operation)) {
    return std::make_unique<llm::AnswerTranslation>(
        std::make_unique<llm::TokenCountReader>(asked_.provider),
        std::make_unique<llm::TokenCountWriter>(config_.request.operation), asked_.provider);
  }
  auto made = std::make_unique<llm::AnswerTranslation>(
      reader(), llm::make_chat_writer(config_.request.operation, config_.request.stream, frame()),
      config_.deployment.provider->name, config_.request.repair);
  if (config_.request.continuable) made->keep_in_mind();
  return made;
}

TranslatedCall::WholeAnswer TranslatedCall::read_whole(std::string_view body,
                                                       json::Index& index) const {
  if (config_.embeddings != nullptr) return read_embeddings(body, index);
  const std::unique_ptr<llm::AnswerTranslation> answer = translation();
  llm::AnswerTranslation::Step step = answer->whole(body, index);
  return {.error = std::move(step.error),
          .bytes = answer->take_bytes(),
          .usage = answer->usage(),
          .repair = answer->repair_outcome()};
}

TranslatedCall::WholeAnswer TranslatedCall::read_embeddings(std::string_view body,
                                                            json::Index& index) const {
  auto answer = llm::write_embeddings_answer(*config_.embeddings, frame(), body, index);
  if (!answer) return {.error = std::move(answer.error())};
  const bool is_estimated = answer->is_estimated();
  return {.bytes = std::move(answer->body),
          .usage = answer->usage,
          .estimated = is_estimated ? "prompt_tokens" : ""};
}

}  // namespace sluice::gateway
