#include "translated_events.h"

#include <string>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/llm/bedrock_reader.h"

namespace sluice::gateway {
namespace {

constexpr const char* too_large_reason = "an event of the stream is too large";

std::variant<http::SseParser, http::AwsEventStreamParser> make_parser(llm::StreamFraming framing,
                                                                      std::size_t event_bytes_max) {
  switch (framing) {
    case llm::StreamFraming::sse:
      return http::SseParser(http::SseLimits{.event_bytes_max = event_bytes_max});
    case llm::StreamFraming::aws_event_stream:
      return http::AwsEventStreamParser(
          http::AwsEventStreamLimits{.event_bytes_max = event_bytes_max});
  }
  __builtin_unreachable();
}

}  // namespace

TranslatedEvents::TranslatedEvents(json::Index& index,
                                   std::unique_ptr<llm::AnswerTranslation> translation,
                                   const Config& config)
    : index_(index),
      translation_(std::move(translation)),
      config_(config),
      parser_(make_parser(config.framing, config.event_bytes_max)) {}

std::unique_ptr<llm::AnswerTranslation> TranslatedEvents::take_translation() noexcept {
  if (so_far() == nullptr) return nullptr;
  usage_ = translation_->usage();
  return std::move(translation_);
}

void TranslatedEvents::take_part(Result<SliceChain> part, EventBatch& batch) {
  SLUICE_ASSERT(!ended_ && translation_);
  if (!part) return end_with(batch, error_of_read(config_.provider, part.error()));
  const bool is_last = part->empty();
  translation_->expect(part->size_bytes());  // dialects are about as wordy as each other
  for (std::size_t i = 0; i < part->count() && !ended_; ++i) {
    if (auto* sse = std::get_if<http::SseParser>(&parser_)) {
      take_slice(*sse, std::move((*part)[i]), batch);
    } else {
      auto& frames = std::get<http::AwsEventStreamParser>(parser_);
      frames.feed(std::move((*part)[i]));
      take_all(frames, batch);
    }
  }
  if (is_last) take_last(batch);
  collect(batch);
}

// Where an event begins, those that need no parser go first.
void TranslatedEvents::take_slice(http::SseParser& parser, Slice bytes, EventBatch& batch) {
  while (!bytes.empty() && !ended_) {
    if (parser.held_bytes() == 0) take_run(bytes, batch);
    if (bytes.empty() || ended_) return;
    const std::size_t end = bytes.view().find("\n\n");
    Slice next = end == std::string_view::npos ? bytes.share() : bytes.share(0, end + 2);
    bytes.remove_prefix(next.size());
    parser.feed(std::move(next));
    take_all(parser, batch);
  }
}

void TranslatedEvents::take_run(Slice& bytes, EventBatch& batch) {
  llm::EventRun run;
  llm::AnswerTranslation::Step step = translation_->run(bytes.view(), config_.event_bytes_max, run);
  if (run.count == 0) return;
  received_ += run.count;
  bytes.remove_prefix(run.size_bytes);
  take_step(std::move(step), batch);
}

void TranslatedEvents::take_all(http::SseParser& parser, EventBatch& batch) {
  http::SseEvent piece;
  while (!ended_) {
    switch (parser.next(piece)) {
      case http::SseStatus::event:
        if (piece.kind == http::SseKind::event) take(piece.name, piece.data, batch);
        break;
      case http::SseStatus::need_more: return;
      case http::SseStatus::too_large:
        end_with(batch, llm::errors::upstream_malformed(config_.provider, too_large_reason));
        return;
    }
  }
}

void TranslatedEvents::take_all(http::AwsEventStreamParser& parser, EventBatch& batch) {
  http::AwsMessage message;
  while (!ended_) {
    switch (parser.next(message)) {
      case http::AwsEventStreamStatus::event:
        switch (message.kind) {
          case http::AwsMessageKind::event: take(message.name, message.payload, batch); break;
          case http::AwsMessageKind::exception:
            take(std::string(llm::bedrock_exception_prefix).append(message.name), message.payload,
                 batch);
            break;
          case http::AwsMessageKind::error:
            take(std::string(llm::bedrock_error_prefix).append(message.name), message.error_message,
                 batch);
            break;
        }
        break;
      case http::AwsEventStreamStatus::need_more: return;
      case http::AwsEventStreamStatus::malformed:
        end_with(batch,
                 llm::errors::upstream_malformed(config_.provider, parser.malformed_reason()));
        return;
      case http::AwsEventStreamStatus::too_large:
        end_with(batch, llm::errors::upstream_malformed(config_.provider, too_large_reason));
        return;
    }
  }
}

// The body has ended in order: a last event of SSE may lack its empty line.
void TranslatedEvents::take_last(EventBatch& batch) {
  if (auto* sse = std::get_if<http::SseParser>(&parser_)) {
    http::SseEvent piece;
    if (sse->finish(piece) == http::SseStatus::event && piece.kind == http::SseKind::event) {
      take(piece.name, piece.data, batch);
    }
  } else if (std::get<http::AwsEventStreamParser>(parser_).held_bytes() > 0) {
    end_with(batch, llm::errors::upstream_truncated(config_.provider));
  }
  if (!ended_) take_step(translation_->finish(), batch);
}

void TranslatedEvents::take(std::string_view name, std::string_view data, EventBatch& batch) {
  ++received_;
  take_step(translation_->event(name, data, index_), batch);
}

void TranslatedEvents::take_step(llm::AnswerTranslation::Step step, EventBatch& batch) {
  if (step.odd) config_.metrics.count_odd_event(config_.label);
  batch.commits = batch.commits || step.commits;
  if (step.error) return end_with(batch, std::move(*step.error));
  if (step.ended) batch.ended = ended_ = true;
}

void TranslatedEvents::end_with(EventBatch& batch, llm::ApiError error) {
  batch.ended = ended_ = true;
  batch.error = std::move(error);
}

void TranslatedEvents::collect(EventBatch& batch) {
  std::string bytes = translation_->take_bytes();
  batch.events += translation_->take_events();
  if (!bytes.empty()) batch.bytes.push(Slice::take(std::move(bytes)));
}

}  // namespace sluice::gateway
