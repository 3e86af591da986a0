// One answer on its way from the provider's dialect into the caller's: a reader and a writer
// joined, with an eye on what passes between them.
//
//   body or events --> ChatReader --> events (usage and content noted) --> [AnswerRepair]
//                                                                      --> ChatWriter --> bytes
//
// Where an answer that breaks off is to be gone on with elsewhere, the writer outlives the reader:
// go_on() joins it to the next provider's.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/llm/answer_repair.h"
#include "sluice/llm/chat_reader.h"
#include "sluice/llm/chat_writer.h"
#include "sluice/llm/continuation.h"

namespace sluice::llm {

class AnswerTranslation final : private ChatSink {
 public:
  AnswerTranslation(std::unique_ptr<ChatReader> reader, std::unique_ptr<ChatWriter> writer,
                    std::string_view provider, RepairWanted repair = {})
      : reader_(std::move(reader)), writer_(std::move(writer)), provider_(provider) {
    if (repair.any()) repair_.emplace(repair, *writer_);
  }

  /// What one step came to. What it wrote is to be taken.
  struct Step {
    std::optional<ApiError> error = {};  // the answer has failed; nothing follows
    bool commits = false;                // brought content, or the end in order
    bool ended = false;                  // the answer is whole, and written to its end
    bool odd = false;  // something came that should never come; it was passed over
  };

  /// The whole body of a 2xx answer.
  [[nodiscard]] Step whole(std::string_view body, json::Index& index);
  /// One event of a stream.
  [[nodiscard]] Step event(std::string_view name, std::string_view data, json::Index& index);
  /// The events that the bytes of an SSE stream begin with, as far as they are like the one before:
  /// `run` says which are done. `stream` begins with an event.
  [[nodiscard]] Step run(std::string_view stream, std::size_t event_bytes_max, EventRun& run);
  /// The stream's bytes have ended in order.
  [[nodiscard]] Step finish();

  /// From now on what is shown is kept in mind, so that another provider can go on. Before the
  /// first event; not with answers that are mended.
  void keep_in_mind() { so_far_.emplace(); }
  /// Null: nobody keeps it in mind.
  [[nodiscard]] const AnswerSoFar* so_far() const noexcept { return so_far_ ? &*so_far_ : nullptr; }
  /// Another provider's answer goes on with this one: `reader` reads it. Until it has brought
  /// something to show, nothing is written. Lifetime of the mark's views: the translation's.
  void go_on(std::unique_ptr<ChatReader> reader, const Continued& mark);

  /// Events of about so many bytes come next.
  void expect(std::size_t bytes) { writer_->expect(bytes); }
  /// What was written since the last time, and how many events of a stream that is.
  [[nodiscard]] std::string take_bytes() noexcept { return writer_->take_bytes(); }
  [[nodiscard]] std::uint32_t take_events() noexcept;

  [[nodiscard]] const Usage& usage() const noexcept { return usage_; }
  /// Nothing where none was wanted, or the answer neither ended nor was past repair.
  [[nodiscard]] std::optional<RepairOutcome> repair_outcome() const noexcept;

 private:
  void take(const ChatEvent& event) override;
  void pass_on(const ChatEvent& event);
  void settle(Step& step);
  void end(Step& step);

  std::unique_ptr<ChatReader> reader_;
  std::unique_ptr<ChatWriter> writer_;
  std::optional<AnswerRepair> repair_;
  std::optional<AnswerSoFar> so_far_;
  std::optional<Continued> mark_;  // to be written ahead of what goes on
  std::string provider_;
  Usage usage_;
  std::uint64_t events_taken_ = 0;
  bool content_seen_ = false;
  bool ended_ = false;
};

}  // namespace sluice::llm
