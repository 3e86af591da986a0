// Reads the messages of a request in the Anthropic dialect, block by block, into a ChatRequest.
#pragma once
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "field_reader.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

class AnthropicRequestBlocks : public FieldReader {
 public:
  /// Lifetime: of `request`.
  explicit AnthropicRequestBlocks(ChatRequest& request) : request_(request) {}

  /// The request's `system`: a string or an array of text blocks.
  [[nodiscard]] bool read_system(json::Value system, const FieldPath& path);
  [[nodiscard]] bool read_messages(json::Value messages, const FieldPath& path);

  /// The value of a `cache_control` member, wherever it stands.
  [[nodiscard]] bool read_cache_mark(json::Value holder, const FieldPath& path, CacheMark& out);

 private:
  using Parts = std::vector<Part>;

  bool read_message(json::Value message, const FieldPath& path);
  bool read_content(json::Value content, const FieldPath& path);
  bool read_block(json::Value block, const FieldPath& path);
  bool read_block_of(std::string_view type, json::Value block, const FieldPath& path);
  bool read_nested(json::Value block, const FieldPath& path, Parts& out);
  // Of what may stand in messages and in results alike. Nothing: it is none of these.
  std::optional<bool> read_plain(std::string_view type, json::Value block, const FieldPath& path,
                                 Parts& out);

  bool read_text_block(json::Value block, const FieldPath& path, Parts& out);
  bool read_image(json::Value block, const FieldPath& path, Parts& out);
  bool read_document(json::Value block, const FieldPath& path, Parts& out);
  bool read_source(json::Value source, const FieldPath& path, MediaPart& media);
  bool read_document_content(json::Value source, const FieldPath& path, Parts& out);
  bool read_search_result(json::Value block, const FieldPath& path, Parts& out);
  bool read_tool_reference(json::Value block, const FieldPath& path, Parts& out);

  bool read_tool_use(json::Value block, const FieldPath& path);
  bool read_tool_result(json::Value block, const FieldPath& path);
  bool read_thinking(json::Value block, const FieldPath& path);
  bool read_redacted_thinking(json::Value block, const FieldPath& path);
  bool read_inner_system(json::Value block, const FieldPath& path);
  bool leave_out(json::Value block, const FieldPath& path);

  bool be_of_role(Role role, std::string_view type, const FieldPath& path);
  bool add(json::Value block, const FieldPath& path, Part part, Parts& out);
  void begin_message(Role role);
  void end_message(bool may_be_empty);

  ChatRequest& request_;
  json::Text call_signature_ = {};  // for the next tool call of the message
};

}  // namespace sluice::llm
