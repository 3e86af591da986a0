#include "relayed_events.h"

#include <utility>

#include "sluice/base/assert.h"
#include "sluice/llm/answer_tag.h"

namespace sluice::gateway {
namespace {

// Streams made of chunks may carry further members; typed events are relayed as they are.
bool takes_tags(llm::Operation operation) noexcept {
  return operation == llm::Operation::chat_completions || operation == llm::Operation::completions;
}

std::variant<llm::OpenaiStream, llm::AnthropicStream> make_stream(
    const RelayedEvents::Config& config) {
  switch (config.dialect) {
    case llm::Dialect::openai:
      return llm::OpenaiStream(config.request.operation, config.provider, config.shapes);
    case llm::Dialect::anthropic: return llm::AnthropicStream(config.provider);
  }
  __builtin_unreachable();
}

}  // namespace

RelayedEvents::RelayedEvents(json::Index& index, const Config& config)
    : index_(index),
      config_(config),
      parser_(http::SseLimits{.event_bytes_max = config.event_bytes_max}),
      stream_(make_stream(config)),
      tag_pending_(takes_tags(config.request.operation)) {}

void RelayedEvents::take_part(Result<SliceChain> part, EventBatch& batch) {
  SLUICE_ASSERT(!ended_);
  if (!part) return end_with(batch, error_of_read(config_.provider, part.error()));
  if (part->empty()) return take_last(batch);
  for (std::size_t i = 0; i < part->count() && !ended_; ++i) {
    take_slice(std::move((*part)[i]), batch);
  }
}

// Between two events, runs of content like that seen before are taken as they lie; whatever differs
// goes through the parser, one event at a time.
void RelayedEvents::take_slice(Slice bytes, EventBatch& batch) {
  while (!bytes.empty() && !ended_) {
    if (parser_.held_bytes() == 0) take_known(bytes, batch);
    if (bytes.empty()) return;
    const std::size_t end = bytes.view().find("\n\n");
    Slice next = end == std::string_view::npos ? bytes.share() : bytes.share(0, end + 2);
    bytes.remove_prefix(next.size());
    parser_.feed(std::move(next));
    take_all(batch);
  }
}

void RelayedEvents::take_known(Slice& bytes, EventBatch& batch) {
  const auto* const stream = std::get_if<llm::OpenaiStream>(&stream_);
  if (stream == nullptr) return;  // events that are padded are not alike
  const auto known = stream->known_events(bytes.view(), config_.event_bytes_max);
  if (known.count == 0) return;
  batch.bytes.push(bytes.share(0, known.size_bytes));
  bytes.remove_prefix(known.size_bytes);
  batch.events += known.count;
  batch.commits = true;
  events_received_ += known.count;
}

void RelayedEvents::take_all(EventBatch& batch) {
  http::SseEvent piece;
  while (!ended_) {
    switch (parser_.next(piece)) {
      case http::SseStatus::event: take(piece, batch); break;
      case http::SseStatus::need_more: return;
      case http::SseStatus::too_large:
        end_with(batch, llm::errors::upstream_malformed(config_.provider,
                                                        "an event of the stream is too large"));
        return;
    }
  }
}

void RelayedEvents::take(http::SseEvent& piece, EventBatch& batch) {
  if (piece.kind == http::SseKind::other) {
    batch.bytes.push(std::move(piece.raw));
    return;
  }
  ++events_received_;
  llm::StreamEvent event = std::visit(
      [&](auto& stream) { return stream.inspect(piece.name, piece.data, index_); }, stream_);
  switch (event.kind) {
    case llm::StreamEventKind::malformed:
      end_with(batch, llm::errors::upstream_malformed(
                          config_.provider, "an event of the stream is not what it should be"));
      return;
    case llm::StreamEventKind::error:
      SLUICE_ASSERT(event.error.has_value());
      end_with(batch, std::move(*event.error));
      if (!event.is_last) return;
      // A client of a typed stream waits for this very event; one of ours it would not know.
      batch.error_shown = true;
      break;
    case llm::StreamEventKind::usage_only:
      batch.commits = true;
      if (config_.request.usage_added) return;  // the client did not ask for it: counted, not shown
      break;
    case llm::StreamEventKind::done:
      if (stands() == llm::StreamEnd::truncated) {  // an edge in between has closed it
        end_with(batch, llm::errors::upstream_truncated(config_.provider));
        return;
      }
      batch.commits = true;
      batch.ended = ended_ = true;
      break;
    case llm::StreamEventKind::finish:
      // Whole with its last event: whatever becomes of the connection then.
      if (event.is_last) batch.ended = ended_ = true;
      batch.commits = true;
      break;
    case llm::StreamEventKind::content: batch.commits = true; break;
    case llm::StreamEventKind::lifecycle:
    case llm::StreamEventKind::unknown: break;
  }
  ++batch.events;
  const bool tagged = tag_pending_ && event.tag_place && tag(piece, *event.tag_place, batch);
  tag_pending_ = false;
  // An event is over with the CR of its empty line; of the last one the LF is not waited for.
  const bool lacks_lf = ended_ && piece.raw.view().ends_with("\r\n\r");
  if (!tagged) batch.bytes.push(std::move(piece.raw));
  if (lacks_lf) batch.bytes.push(Slice::of_static("\n"));
}

// Adds request_id and provider to the first event; false when its data is not one run of bytes.
bool RelayedEvents::tag(const http::SseEvent& piece, const llm::TagPlace& place,
                        EventBatch& batch) {
  const std::string_view raw = piece.raw.view();
  if (piece.data.data() < raw.data() ||
      piece.data.data() + piece.data.size() > raw.data() + raw.size()) {
    return false;
  }
  const auto offset = static_cast<std::size_t>(piece.data.data() - raw.data());
  const Slice data = piece.raw.share(offset, piece.data.size());
  const json::Splice edits =
      llm::tag_answer(place, data.size(), config_.request_id, config_.provider);
  batch.bytes.push(piece.raw.share(0, offset));
  batch.bytes.append(edits.apply(data));
  const std::size_t behind = offset + piece.data.size();
  batch.bytes.push(piece.raw.share(behind, piece.raw.size() - behind));
  return true;
}

// The body has ended in order: a last event may lack its empty line.
void RelayedEvents::take_last(EventBatch& batch) {
  http::SseEvent piece;
  const std::size_t bytes_before = batch.bytes.size_bytes();
  switch (parser_.finish(piece)) {
    case http::SseStatus::event:
      take(piece, batch);
      if ((!batch.error || batch.error_shown) && batch.bytes.size_bytes() > bytes_before)
        batch.bytes.push(Slice::of_static("\n\n"));
      break;
    case http::SseStatus::need_more: break;
    case http::SseStatus::too_large:
      end_with(batch, llm::errors::upstream_malformed(config_.provider,
                                                      "an event of the stream is too large"));
      return;
  }
  if (ended_) return;
  const llm::StreamEnd end = stands();
  if (end == llm::StreamEnd::finished && is_of_one_choice()) {
    // The choice said that it was finished: no word is missing, and clients wait for the last one.
    batch.bytes.push(Slice::of_static("data: [DONE]\n\n"));
    ++batch.events;
    batch.commits = true;
    batch.ended = ended_ = true;
    return;
  }
  if (end == llm::StreamEnd::complete) {
    // Typed streams say by an event of their own that they are over, and then just end.
    batch.commits = true;
    batch.ended = ended_ = true;
    return;
  }
  end_with(batch, llm::errors::upstream_truncated(config_.provider));
}

// Of several one may not have begun, and nobody would know.
bool RelayedEvents::is_of_one_choice() const noexcept {
  return std::holds_alternative<llm::OpenaiStream>(stream_) &&
         !config_.request.may_have_several_choices;
}

llm::StreamEnd RelayedEvents::stands() const noexcept {
  return std::visit([](const auto& stream) { return stream.end(); }, stream_);
}

void RelayedEvents::end_with(EventBatch& batch, llm::ApiError error) {
  batch.ended = ended_ = true;
  batch.error = std::move(error);
}

}  // namespace sluice::gateway
