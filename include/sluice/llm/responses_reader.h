// Reads answers of OpenAI's Responses API, whole ones and streams, as OpenAI, Azure and the hosts
// that follow them write them.
//
//   output_item.added        of a call: it begins, under its call_id
//   *.delta                  a piece of text, refusal, thought or arguments
//   *.done                   what is whole now: told only where no delta told it before
//   output_item.done         the same of an item; of reasoning: its encrypted_content, sealed
//   response.completed       tool_calls where there was a call, else stop; then the usage
//   response.incomplete      length, or content_filter
//   response.failed, error   an error; nothing follows
//
// Several texts of one thought are told with an empty line between them. Calls that are written by
// turns are told one after the other. Steps of tools that run at OpenAI are passed over, but for
// the images they made; so are items and events that are not known.
//
// Source: OpenAI's reference of the streaming events (2026), and recorded traffic.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "sluice/json/value.h"
#include "sluice/llm/chat_reader.h"

namespace sluice::llm {

struct ResponsesEvent;

class ResponsesReader final : public ChatReader {
 public:
  static constexpr std::size_t items_max = 4096;  // of one answer
  static constexpr std::size_t held_bytes_max = std::size_t{8} << 20;

  explicit ResponsesReader(AskedFor asked);
  ~ResponsesReader() override;

  [[nodiscard]] std::optional<ApiError> read_whole(std::string_view body, json::Index& index,
                                                   ChatSink& sink) override;
  [[nodiscard]] ReadResult read_event(std::string_view name, std::string_view data,
                                      json::Index& index, ChatSink& sink) override;
  [[nodiscard]] StreamEnd finish(ChatSink& sink) override;

 private:
  struct Item;
  struct Handler;
  enum class Told : std::uint8_t { text, refusal, summary, thought };  // kinds of parts

  // Events.
  void take_response(const ResponsesEvent& event, ChatSink& sink);
  void take_added(const ResponsesEvent& event, ChatSink& sink);
  void take_text(const ResponsesEvent& event, ChatSink& sink);
  void take_refusal(const ResponsesEvent& event, ChatSink& sink);
  void take_summary(const ResponsesEvent& event, ChatSink& sink);
  void take_thought(const ResponsesEvent& event, ChatSink& sink);
  void take_arguments(const ResponsesEvent& event, ChatSink& sink);
  void take_annotation(const ResponsesEvent& event, ChatSink& sink);
  void take_item_done(const ResponsesEvent& event, ChatSink& sink);
  void take_completed(const ResponsesEvent& event, ChatSink& sink);
  void take_incomplete(const ResponsesEvent& event, ChatSink& sink);
  void take_failed(const ResponsesEvent& event, ChatSink& sink);
  void take_error(const ResponsesEvent& event, ChatSink& sink);

  void take_piece(const ResponsesEvent& event, Told told, ChatSink& sink);
  void take_end(json::Value response, bool incomplete, ChatSink& sink);

  // Of an item as it stands: what was not told yet.
  void take_item(Item& item, json::Value value, ChatSink& sink);
  void take_content(Item& item, json::Value content, ChatSink& sink);
  void take_reasoning(Item& item, json::Value value, ChatSink& sink);
  void take_call(Item& item, json::Value value, ChatSink& sink);

  void tell_started(json::Value response, ChatSink& sink);
  void tell(const ChatEvent& event, ChatSink& sink);
  void tell_part(Item& item, std::size_t position, Told told, json::Text text, ChatSink& sink);
  void tell_source(json::Value annotation, ChatSink& sink);
  void tell_arguments(Item& item, json::Text text, ChatSink& sink);
  void begin_call(Item& item, json::Value value, ChatSink& sink);
  void end_call(Item& item, ChatSink& sink);
  void end_calls(ChatSink& sink);
  void announce_waiting(ChatSink& sink);

  Item* find_item(const ResponsesEvent& event);
  Item* new_item(std::int64_t position, json::Text id);
  [[nodiscard]] ApiError error_of(std::optional<json::Value> error) const;

  const AskedFor asked_;
  std::deque<Item> items_;
  std::deque<Item*> waiting_;  // calls that began while another was open
  Item* open_ = nullptr;       // the call that is told just now
  std::size_t held_bytes_ = 0;
  std::uint32_t calls_ = 0;
  std::optional<ApiError> error_ = {};
  bool started_ = false;
  bool done_ = false;
  bool failed_ = false;
  bool odd_ = false;  // of the event being read
};

}  // namespace sluice::llm
