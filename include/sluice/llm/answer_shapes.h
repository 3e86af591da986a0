// The shapes of a deployment's answers, whole ones and the events of streams, kept from one answer
// to the next.
//
//   one stream    role  content content ... finish  usage  [DONE]
//   the next      role' content' content' ... finish' usage' [DONE]
//
// The role event of the one is like that of the other but for an id and a time; contents differ in
// their texts besides, usages in their numbers. What matches a shape is proved valid and means what
// the learned one meant (json/text_template.h): it is not indexed again. Only the numbers of tokens
// are read. Answers that say something of their own, an error above all, are never learned.
//
// One per deployment (or a few) and core. Holds text of providers' answers, which is compared with
// and never shown. No I/O, no clock.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/text_template.h"
#include "sluice/json/value.h"
#include "sluice/llm/answer_tag.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/stream_event.h"
#include "sluice/llm/usage.h"

namespace sluice::llm {

/// What is known of every answer or event of a shape.
struct ShapeFacts {
  StreamEventKind kind = StreamEventKind::finish;  // of an event: one that ends no stream
  bool carries_content = false;                    // likewise
  std::uint64_t choices_open = 0;   // bit per choice index below 64: spoke, and did not finish
  std::uint64_t choices_ended = 0;  // bit per choice index below 64: finished
  TagPlace tag_place{};
  Usage usage{};  // its numbers are the match's own
};

class AnswerShapes {
 public:
  static constexpr std::size_t shapes_max = 16;  // the oldest makes way

  enum class Form : std::uint8_t { whole, event };
  struct Key {
    Operation operation;
    Form form;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Shape {
    Key key{};
    std::string event_name;
    json::TextTemplate pattern;  // framed as an event stands in its stream
    ShapeFacts facts;
    struct UsageHole {
      Usage::Count Usage::* count;
      std::size_t hole;
    };
    std::vector<UsageHole> usage_holes;
  };
  /// The shape of an answer, and what it used.
  struct Match {
    const Shape* shape;  // good until the next learn()
    Usage usage;
  };

  /// `event_name` is empty for a whole answer.
  [[nodiscard]] std::optional<Match> find(Key key, std::string_view event_name,
                                          std::string_view data);

  /// Learns the answer whose text `data` is indexed under `top`, and whose usage, when it has any,
  /// is its member `usage`. Null when it is none to be learned. Good until the next learn().
  const Shape* learn(Key key, std::string_view event_name, std::string_view data, json::Value top,
                     std::optional<json::Value> usage, const ShapeFacts& facts);

 private:
  [[nodiscard]] bool worth_learning() noexcept;

  std::array<Shape, shapes_max> shapes_;
  std::size_t count_ = 0;
  std::size_t oldest_ = 0;  // meaningful when full
  std::size_t next_ = 0;    // where to look first: streams repeat the order of their events
  std::uint64_t learned_in_vain_ = 0;  // since the last match
};

}  // namespace sluice::llm
