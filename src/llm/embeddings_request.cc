#include "sluice/llm/embeddings_request.h"

#include <algorithm>

#include <fmt/format.h>

#include "dropped_names.h"
#include "member_reading.h"
#include "sluice/json/value.h"
#include "sluice/llm/openai_request.h"
#include "sluice/llm/token_estimate.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::uint64_t dimensions_max = 65'536;

class Reader {
 public:
  std::expected<EmbeddingsRequest, ApiError> read(Value top) {
    std::string scratch;
    for (const json::Member member : top.members()) {
      if (member.value.is_null()) continue;
      if (!take(member.key.unescaped(scratch), member.value)) {
        return std::unexpected(reading_.take_error());
      }
    }
    return std::move(request_);
  }

 private:
  bool take(std::string_view name, Value value) {
    if (name == "input") return inputs(value);
    if (name == "dimensions") {
      return reading_.count(value, "dimensions", 1, dimensions_max, request_.dimensions);
    }
    if (name == "encoding_format") {
      request_.base64 = value.string_equals("base64");
      return request_.base64 || value.string_equals("float") ||
             reading_.invalid("encoding_format", "must be float or base64.");
    }
    const auto ours = openai_gateway_only_fields();
    const bool is_known = name == "model" || std::ranges::find(ours, name) != ours.end();
    if (!is_known) add_dropped(request_.dropped, name);
    return true;
  }

  bool inputs(Value value) {
    if (value.is(Kind::string)) return input(value, "input");
    if (!reading_.array(value, "input")) return false;
    if (value.is_empty()) return reading_.refuse(errors::field_empty("input"));
    std::size_t position = 0;
    for (const Value element : value.elements()) {
      if (position == embedding_inputs_max) {
        return reading_.refuse(errors::field_invalid(
            "input", fmt::format("input holds more than {} texts: send them in several requests.",
                                 embedding_inputs_max)));
      }
      if (!input(element, Place("input", position++))) return false;
    }
    return true;
  }

  bool input(Value value, const Place& place) {
    if (value.is(Kind::number) || value.is(Kind::array)) {
      return reading_.refuse(errors::field_invalid(
          place.text(),
          "The provider of this model takes no token ids, which differ from model to model: send "
          "the text itself, as a string or an array of strings."));
    }
    return reading_.text(value, place, request_.inputs.emplace_back());
  }

  MemberReading reading_;
  EmbeddingsRequest request_;
};

}  // namespace

std::expected<EmbeddingsRequest, ApiError> read_embeddings(std::string_view body,
                                                           json::Index& index) {
  const auto built = index.build(body);
  if (!built) return std::unexpected(errors::body_not_json(built.error(), index.limits()));
  auto request = Reader().read(json::root(index));
  index.clear();
  return request;
}

std::uint64_t estimate_tokens(const EmbeddingsRequest& request) noexcept {
  std::uint64_t tokens = 0;
  for (const json::Text text : request.inputs) tokens += estimate_tokens(text.bytes);
  return tokens;
}

}  // namespace sluice::llm
