// One answer on its way from the provider's dialect into the caller's: a reader and a writer
// joined, with an eye on what passes between them.
//
//   body or events --> ChatReader --> events (usage and content noted) --> [AnswerRepair]
//                                                                      --> ChatWriter --> bytes
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/llm/answer_repair.h"
#include "sluice/llm/chat_reader.h"
#include "sluice/llm/chat_writer.h"

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
  void settle(Step& step);
  void end(Step& step);

  std::unique_ptr<ChatReader> reader_;
  std::unique_ptr<ChatWriter> writer_;
  std::optional<AnswerRepair> repair_;
  std::string provider_;
  Usage usage_;
  std::uint64_t events_taken_ = 0;
  bool content_seen_ = false;
  bool ended_ = false;
};

}  // namespace sluice::llm
