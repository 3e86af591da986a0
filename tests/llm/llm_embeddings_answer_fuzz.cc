// Fuzzes the writing of embeddings answers. Byte 0 says how many texts were asked about (its low
// three bits, less one); the rest is the provider's answer. Each is written in both forms:
//   1. what is written is JSON with as many vectors as there were texts, in their order;
//   2. none of them is empty, and each is of the form that was asked for;
//   3. it says some number of tokens, the provider's own where there is one;
//   4. both forms are written of the same answers, but for numbers that are no floats.
#include <cstdint>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/json/value.h"
#include "sluice/llm/embeddings_answer.h"

namespace {

using namespace sluice;
using namespace sluice::llm;

void check(const EmbeddingsAnswer& answer, const EmbeddingsRequest& request) {
  json::Index index{{.depth_max = 256}};
  SLUICE_ASSERT(index.build(answer.body).has_value());
  const json::Value top = json::root(index);
  std::int64_t position = 0;
  for (const json::Value each : top.find("data")->elements()) {
    SLUICE_ASSERT(each.find("index")->integer() == position++);
    const json::Value vector = *each.find("embedding");
    SLUICE_ASSERT(vector.is(request.base64 ? json::Kind::string : json::Kind::array));
    if (request.base64) SLUICE_ASSERT(vector.string_raw()->size() % 4 == 0);
    SLUICE_ASSERT(request.base64 ? !vector.string_raw()->empty() : !vector.is_empty());
    for (const json::Value value : vector.elements()) {
      SLUICE_ASSERT(value.is(json::Kind::number));
    }
  }
  SLUICE_ASSERT(static_cast<std::size_t>(position) == request.inputs.size());
  const auto tokens = top.find("usage")->find("prompt_tokens")->integer();
  SLUICE_ASSERT(tokens.has_value() && *tokens >= 0);
  if (!answer.is_estimated()) {
    SLUICE_ASSERT(static_cast<std::uint64_t>(*tokens) == *answer.usage.input);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  EmbeddingsRequest request;
  request.inputs.resize((data[0] & 7U) + 1U, json::Text{.bytes = "text"});
  const AnswerFrame frame{.request_id = "r", .provider = "p", .model = "m"};
  json::Index index;
  bool plain = false;
  for (const bool base64 : {false, true}) {
    request.base64 = base64;
    const auto answer = write_embeddings_answer(request, frame, body, index);
    if (!answer) {
      SLUICE_ASSERT(!answer.error().message.empty());
      continue;
    }
    SLUICE_ASSERT(!base64 || plain);
    plain = true;
    check(*answer, request);
  }
  return 0;
}
