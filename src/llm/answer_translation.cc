#include "sluice/llm/answer_translation.h"

#include <utility>

#include "sluice/base/assert.h"

namespace sluice::llm {

void AnswerTranslation::take(const ChatEvent& event) {
  if (!so_far_) return pass_on(event);
  ChatEvent shown = event;
  if (so_far_->take(shown)) pass_on(shown);
}

void AnswerTranslation::pass_on(const ChatEvent& event) {
  if (mark_ && event.kind != ChatEventKind::usage) {
    writer_->mark_continued(*mark_);
    mark_.reset();
  }
  content_seen_ = content_seen_ || is_content(event);
  if (event.kind == ChatEventKind::usage) usage_.update(event.usage);
  if (repair_) {
    repair_->take(event);
  } else {
    writer_->take(event);
  }
}

void AnswerTranslation::end(Step& step) {
  if (repair_ && repair_->error()) {
    step.error = std::move(*repair_->error());
    return;
  }
  writer_->end();
  step.commits = true;
  step.ended = ended_ = true;
}

void AnswerTranslation::go_on(std::unique_ptr<ChatReader> reader, const Continued& mark) {
  SLUICE_ASSERT(so_far_ && !ended_);
  reader_ = std::move(reader);
  provider_ = mark.provider;
  mark_ = mark;
  so_far_->go_on();
  usage_ = {};
  writer_->forget_usage();
  content_seen_ = false;
}

std::optional<RepairOutcome> AnswerTranslation::repair_outcome() const noexcept {
  if (!repair_) return std::nullopt;
  const RepairOutcome outcome = repair_->outcome();
  if (!ended_ && outcome != RepairOutcome::failed) return std::nullopt;
  return outcome;
}

AnswerTranslation::Step AnswerTranslation::whole(std::string_view body, json::Index& index) {
  Step step;
  step.error = reader_->read_whole(body, index, *this);
  if (!step.error) end(step);
  return step;
}

AnswerTranslation::Step AnswerTranslation::event(std::string_view name, std::string_view data,
                                                 json::Index& index) {
  ReadResult read = reader_->read_event(name, data, index, *this);
  // What is held back to be mended is not shown yet: an attempt that fails there can be replaced.
  Step step{.error = std::move(read.error), .commits = content_seen_ && !repair_, .odd = read.odd};
  settle(step);
  if (!step.error && read.ended) end(step);
  return step;
}

AnswerTranslation::Step AnswerTranslation::run(std::string_view stream, std::size_t event_bytes_max,
                                               EventRun& run) {
  run = reader_->read_run(stream, event_bytes_max, *this);
  Step step{.commits = content_seen_ && !repair_};
  settle(step);
  return step;
}

// What came of the events behind the reader.
void AnswerTranslation::settle(Step& step) {
  if (step.error) return;
  if (repair_ && repair_->error()) {
    step.error = std::move(*repair_->error());
  } else if (writer_->is_overfull()) {
    step.error = errors::upstream_malformed(provider_, "the answer is too large to hold");
  }
}

AnswerTranslation::Step AnswerTranslation::finish() {
  Step step;
  switch (reader_->finish(*this)) {
    case StreamEnd::complete:
    case StreamEnd::finished: end(step); break;
    case StreamEnd::truncated:
    case StreamEnd::failed:
      step.error = errors::upstream_truncated(provider_);
      step.commits = content_seen_ && !repair_;
      break;
  }
  return step;
}

std::uint32_t AnswerTranslation::take_events() noexcept {
  const std::uint64_t all = writer_->events();
  return static_cast<std::uint32_t>(all - std::exchange(events_taken_, all));
}

}  // namespace sluice::llm
