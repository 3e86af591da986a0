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
// Some answers have no shape: a member of each is its own, a time in fractions or a probability.
// They are learned in vain, so they are given up for a while, and never push out a shape that was
// found again.
//
// One per deployment (or a few) and core. Keeps, until it makes way, what stands outside the holes
// of an answer: names of members and tools, finish reasons, settings that a provider echoes; none
// of it is ever shown. At most 16 times 9 KiB. No I/O, no clock.
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

/// What is known of every answer or event of a shape. All but the last two: of events alone.
struct ShapeFacts {
  StreamEventKind kind = StreamEventKind::lifecycle;  // lifecycle, content, usage_only or finish
  bool carries_content = false;
  std::uint64_t choices_open = 0;   // bit per choice index below 64: spoke, and did not finish
  std::uint64_t choices_ended = 0;  // bit per choice index below 64: finished
  TagPlace tag_place{};
  Usage usage{};  // its numbers are the match's own
};

class AnswerShapes {
 public:
  static constexpr std::size_t shapes_max = 16;
  static constexpr std::size_t event_name_bytes_max = 128;  // of an event to be learned

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
    std::uint64_t made_at = 0;   // in finds and learnings of its table
    std::uint64_t found_at = 0;  // likewise; 0: never
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
  /// is its member `usage`. Returns its pattern, or null when it is given up or can have none; an
  /// event of content has one even when it is given up, for its own stream goes on like this. Good
  /// until the next learn().
  const json::TextTemplate* learn(Key key, std::string_view event_name, std::string_view data,
                                  json::Value top, std::optional<json::Value> usage,
                                  const ShapeFacts& facts);

 private:
  [[nodiscard]] bool worth_learning() noexcept;
  [[nodiscard]] Shape& place_for_one_more() noexcept;

  std::array<Shape, shapes_max> shapes_;
  std::size_t count_ = 0;
  std::size_t next_ = 0;       // where to look first
  std::uint64_t clock_ = 0;    // counts finds and learnings
  std::uint64_t in_vain_ = 0;  // learnings wanted since one was worth it
  Shape spare_;                // what is being learned: it takes a place when it has become a shape
};

}  // namespace sluice::llm
