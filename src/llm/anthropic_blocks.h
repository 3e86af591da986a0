// Reads the content blocks of an Anthropic answer, whole ones and streamed ones. Of streamed ones
// one is open at a time; whoever begins the next one ends it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/llm/chat_reader.h"
#include "wrapped_input.h"

namespace sluice::llm {

class AnthropicBlocks {
 public:
  /// Lifetime: `asked` outlives this.
  explicit AnthropicBlocks(const AskedFor& asked) noexcept : asked_(&asked) {}

  void read_whole(json::Value block, ChatSink& sink);

  void begin(std::optional<json::Value> index, json::Value block, ChatSink& sink);
  /// False: of no block that is open, or nothing that belongs into it. Text and thoughts are told
  /// all the same.
  [[nodiscard]] bool read_delta(std::optional<json::Value> index, json::Value delta,
                                ChatSink& sink);
  /// Whether the last delta was a piece of the block that is open, and taken: of a delta that
  /// differs in its text alone, read_more() tells the same as read_delta().
  [[nodiscard]] bool takes_more() const noexcept { return last_ != Delta::other; }
  void read_more(json::Text piece, ChatSink& sink);
  /// False: no such block was open.
  [[nodiscard]] bool end(std::optional<json::Value> index, ChatSink& sink);
  /// Ends the block that is open, if any. `in_order`: nothing is missing of it.
  void end_all(bool in_order, ChatSink& sink);

  /// How many tool calls the caller is to answer.
  [[nodiscard]] std::uint32_t calls() const noexcept { return calls_; }

 private:
  enum class Block : std::uint8_t {
    none,
    text,
    thinking,
    tool,
    custom_tool,  // its arguments are unwrapped
    output_tool,  // its arguments are the answer's text
    passed_over,
  };
  struct BlockMembers;
  enum class Delta : std::uint8_t { other, text, thinking, arguments };

  void begin_tool(const BlockMembers& members, ChatSink& sink);
  void tell_input(std::string_view json, ChatSink& sink);
  void tell_arguments(json::Text piece, ChatSink& sink);
  void tell_text(json::Text piece, ChatSink& sink);
  void keep_citation(json::Value citation);
  void tell_citations(ChatSink& sink);
  [[nodiscard]] bool is_open(std::optional<json::Value> index) const noexcept;

  const AskedFor* asked_;
  Block open_ = Block::none;
  Delta last_ = Delta::other;
  std::int64_t open_index_ = 0;
  std::uint32_t calls_ = 0;
  bool has_arguments_ = false;  // of the open call
  bool input_given_ = false;    // all of them, with its beginning
  WrappedInput wrapped_;
  std::uint64_t characters_ = 0;        // of all text so far
  std::uint64_t block_begins_at_ = 0;   // the same where the open block began
  std::vector<std::string> citations_;  // of the open text, without their ends
  std::string scratch_;
};

}  // namespace sluice::llm
