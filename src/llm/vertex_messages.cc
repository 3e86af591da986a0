#include "sluice/llm/vertex_messages.h"

#include <string>

#include "sluice/base/assert.h"
#include "sluice/json/writer.h"
#include "sluice/llm/vertex_target.h"

namespace sluice::llm {
namespace {

// Where the key of the member "model" begins. Behind it stand white space and a colon, and whatever
// way it is spelled, it has no quotes inside.
std::size_t key_offset(std::string_view body, std::size_t value_offset) {
  const std::size_t end = body.rfind('"', value_offset - 1);
  SLUICE_ASSERT(end != body.npos && end > 0);
  const std::size_t begin = body.rfind('"', end - 1);
  SLUICE_ASSERT(begin != body.npos);
  return begin;
}

}  // namespace

SliceChain vertex_messages_body(const Request& request, const Slice& body,
                                std::string_view upstream_model) {
  SLUICE_ASSERT(request.model_span.size_bytes > 0);
  std::string text = "\"anthropic_version\":";
  text += json::quote(vertex_anthropic_version);
  if (request.operation == Operation::messages_count_tokens) {
    text += ",\"model\":";
    text += json::quote(upstream_model);
  }
  const std::size_t begin = key_offset(body.view(), request.model_span.offset);
  json::Splice edits = request.edits.clone();
  edits.replace({begin, request.model_span.end() - begin}, Slice::take(std::move(text)));
  return edits.apply(body);
}

}  // namespace sluice::llm
