#include "sluice/llm/anthropic_response.h"

#include "sluice/llm/anthropic_usage.h"
#include "sluice/llm/openai_error.h"

namespace sluice::llm {

ResponseFacts inspect_anthropic_response(Operation operation, std::string_view provider,
                                         std::string_view body, json::Index& index) {
  ResponseFacts facts;
  const auto refuse = [&](std::string_view reason) {
    facts.error = errors::upstream_malformed(provider, reason);
    return facts;
  };
  const auto built = index.build(body);
  if (!built) {
    return refuse(built.error().defect == json::Defect::empty ? "the answer is empty"
                                                              : "the answer is not valid JSON");
  }
  const json::Value top = json::root(index);
  if (!top.is(json::Kind::object)) return refuse("the answer is not a JSON object");
  AnthropicUsage usage;
  const bool is_message = operation == Operation::messages;
  const std::string_view main = is_message ? "content" : "input_tokens";
  bool has_main = false;
  std::optional<json::Value> error;
  std::string scratch;
  for (const json::Member member : top.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == main) has_main = true;
    if (name == "error" && !member.value.is_null()) error = member.value;
    if (name == "usage") usage.update(member.value);
  }
  facts.usage = usage.usage();
  if (error) {
    facts.error = read_openai_error_value(provider, *error);
    return facts;
  }
  if (!has_main) return refuse("the answer lacks its main member");
  facts.tag_place = find_tag_place(top);
  return facts;
}

}  // namespace sluice::llm
