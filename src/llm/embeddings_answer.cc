#include "sluice/llm/embeddings_answer.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "gemini_usage.h"
#include "openai_chat_parts.h"
#include "sluice/base/base64.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"
#include "sluice/llm/openai_error.h"
#include "sluice/llm/openai_usage.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// The members of the top object that are looked at.
struct Members {
  std::optional<Value> error;
  std::optional<Value> embeddings;
  std::optional<Value> embedding;
  std::optional<Value> predictions;
  std::optional<Value> usage;
};

Members read_members(Value top) {
  Members found;
  std::string scratch;
  for (const json::Member member : top.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "error" && !member.value.is_null()) found.error = member.value;
    if (name == "embeddings") found.embeddings = member.value;
    if (name == "embedding") found.embedding = member.value;
    if (name == "predictions") found.predictions = member.value;
    if (name == "usageMetadata") found.usage = member.value;
  }
  return found;
}

// Little-endian, whatever the machine is.
std::array<char, 4> bytes_of(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  std::array<char, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(bits >> (8 * i));
  return bytes;
}

class AnswerWriter {
 public:
  AnswerWriter(const EmbeddingsRequest& request, const AnswerFrame& frame)
      : request_(request), frame_(frame) {}

  std::optional<ApiError> write(Value top) {
    const Members members = read_members(top);
    if (members.error) return read_openai_error_value(frame_.provider, *members.error);
    out_ = R"({"object":"list","data":[)";
    const char* const wrong = write_data(members);
    if (wrong != nullptr) return errors::upstream_malformed(frame_.provider, wrong);
    if (count_ != request_.inputs.size()) {
      return errors::upstream_malformed(frame_.provider,
                                        "it has another number of vectors than there were texts");
    }
    if (members.usage) tokens_ = parse_gemini_usage(*members.usage).input;
    usage_ = {.input = tokens_, .total = tokens_};  // and so nothing was written
    write_end();
    return std::nullopt;
  }

  EmbeddingsAnswer take() { return {.body = std::move(out_), .usage = usage_}; }

 private:
  // Null, or what is wrong.
  const char* write_data(const Members& members) {
    if (members.embedding) return write_vector(members.embedding->find("values"));
    if (members.embeddings && members.embeddings->is(Kind::array)) {
      for (const Value each : members.embeddings->elements()) {
        if (const char* wrong = write_vector(each.find("values"))) return wrong;
      }
      return nullptr;
    }
    if (!members.predictions || !members.predictions->is(Kind::array)) {
      return "it holds no embeddings";
    }
    bool all_counted = true;
    std::uint64_t tokens = 0;
    for (const Value each : members.predictions->elements()) {
      const std::optional<Value> embedding = each.find("embeddings");
      const auto values = embedding ? embedding->find("values") : std::nullopt;
      if (const char* wrong = write_vector(values)) return wrong;
      const std::optional<std::uint64_t> counted = count_of(*embedding);
      all_counted = all_counted && counted;
      tokens += counted.value_or(0);
    }
    if (all_counted && count_ > 0) tokens_ = tokens;
    return nullptr;
  }

  static std::optional<std::uint64_t> count_of(Value embedding) {
    const auto statistics = embedding.find("statistics");
    const auto tokens = statistics ? statistics->find("token_count") : std::nullopt;
    const auto count = tokens ? tokens->integer() : std::nullopt;
    if (!count || *count < 0) return std::nullopt;
    const auto value = static_cast<std::uint64_t>(*count);
    return value <= usage_tokens_max ? std::optional(value) : std::nullopt;
  }

  const char* write_vector(const std::optional<Value>& values) {
    constexpr const char* no_vector = "an embedding in it is no array of numbers";
    if (!values || !values->is(Kind::array) || values->is_empty()) return no_vector;
    // More than asked for are an error in any case: they need not be written.
    if (count_ == request_.inputs.size()) return "it has more vectors than there were texts";
    if (count_ != 0) out_ += ',';
    out_ += R"({"object":"embedding","index":)" + std::to_string(count_++) + R"(,"embedding":)";
    if (!(request_.base64 ? write_base64(*values) : write_numbers(*values))) return no_vector;
    out_ += '}';
    return nullptr;
  }

  bool write_numbers(Value values) {
    char before = '[';
    for (const Value value : values.elements()) {
      if (!value.is(Kind::number)) return false;
      out_ += std::exchange(before, ',');
      out_ += value.raw();
    }
    out_ += ']';
    return true;
  }

  bool write_base64(Value values) {
    out_ += '"';
    Base64Encoder encoder(out_);
    for (const Value value : values.elements()) {
      const std::optional<double> number = value.is(Kind::number) ? value.number() : std::nullopt;
      if (!number || std::abs(*number) > double{std::numeric_limits<float>::max()}) return false;
      const auto bytes = bytes_of(static_cast<float>(*number));
      encoder.add({bytes.data(), bytes.size()});
    }
    encoder.finish();
    out_ += '"';
    return true;
  }

  void write_end() {
    out_ += ']';
    append_member(out_, "model", {.bytes = frame_.model});
    out_ += R"(,"usage":)";
    json::Writer writer(out_);
    const std::uint64_t tokens = usage_.input.value_or(estimate_tokens(request_));
    writer.begin_object();
    writer.key("prompt_tokens").unsigned_integer(tokens);
    writer.key("total_tokens").unsigned_integer(tokens);
    // What is estimated is no price.
    const bool has_price = usage_.input && frame_.cost.of != nullptr;
    const auto usd = has_price ? frame_.cost.of(frame_.cost.context, usage_) : std::nullopt;
    if (usd) writer.key("cost").number(*usd);
    writer.end_object();
    append_tags(out_, frame_);
    out_ += '}';
  }

  const EmbeddingsRequest& request_;
  const AnswerFrame& frame_;
  std::string out_;
  Usage usage_;
  std::size_t count_ = 0;                // vectors written
  std::optional<std::uint64_t> tokens_;  // as the provider counts
};

}  // namespace

std::expected<EmbeddingsAnswer, ApiError> write_embeddings_answer(const EmbeddingsRequest& request,
                                                                  const AnswerFrame& frame,
                                                                  std::string_view body,
                                                                  json::Index& index) {
  if (!index.build(body)) {
    return std::unexpected(errors::upstream_malformed(frame.provider, "it is not JSON"));
  }
  AnswerWriter writer(request, frame);
  std::optional<ApiError> error = writer.write(json::root(index));
  index.clear();
  if (error) return std::unexpected(std::move(*error));
  return writer.take();
}

}  // namespace sluice::llm
