// POST /v1/embeddings.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "simulator/ask.h"
#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t inputs_max = 2048;

/// The texts asked about: one string, strings, one list of token ids, or several of them.
std::vector<std::string> read_inputs(json::Value input) {
  std::vector<std::string> texts;
  const auto elements = input.elements();
  const bool one = input.is(json::Kind::string) || (elements.begin() != elements.end() &&
                                                    (*elements.begin()).is(json::Kind::number));
  if (one) {
    append_prompt(texts.emplace_back(), input);
    return texts;
  }
  for (const json::Value element : elements) append_prompt(texts.emplace_back(), element);
  return texts;
}

}  // namespace

std::vector<float> embedding_of(std::uint64_t seed, std::size_t dimensions) {
  Random random(seed);
  std::vector<float> vector(dimensions);
  double square = 0;
  for (float& value : vector) {
    value = static_cast<float>(2.0 * random.unit() - 1.0);
    square += static_cast<double>(value) * static_cast<double>(value);
  }
  const auto length = static_cast<float>(square > 0 ? std::sqrt(square) : 1.0);
  for (float& value : vector) value /= length;
  return vector;
}

std::string base64_of(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      const unsigned char byte =
          i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
      group = group << 8U | byte;
    }
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : alphabet[group >> (18 - 6 * k) & 63U];
  }
  return out;
}

std::string base64_of(const std::vector<float>& vector) {
  return base64_of(std::string_view(reinterpret_cast<const char*>(vector.data()),
                                    vector.size() * sizeof(float)));
}

Answer answer_embeddings(const Ask& ask, Desk& desk) {
  const auto input = ask.root->find("input");
  const std::vector<std::string> texts = input ? read_inputs(*input) : std::vector<std::string>{};
  if (texts.empty() || texts.size() > inputs_max) {
    return error_answer(http::status::bad_request,
                        "input must be a text or an array of 1 to 2048 of them.", "input");
  }
  std::size_t dimensions = desk.config.dimensions;
  if (const auto asked = ask.root->find("dimensions"); asked && !asked->is_null()) {
    const auto number = asked->integer();
    if (!number || *number < 1 || *number > SimulatorConfig::dimensions_max) {
      return error_answer(http::status::bad_request, "dimensions must be 1 to 65536.",
                          "dimensions");
    }
    dimensions = static_cast<std::size_t>(*number);
  }
  const auto format = ask.root->find("encoding_format");
  const bool base64 = format && format->string_equals("base64");
  Answer answer;
  answer.body = R"({"object":"list","data":[)";
  std::uint64_t tokens = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    tokens += tokens_of(texts[i].size());
    const std::vector<float> vector = embedding_of(seed_of(texts[i]), dimensions);
    fmt::format_to(std::back_inserter(answer.body),
                   R"({}{{"object":"embedding","index":{},"embedding":)", i == 0 ? "" : ",", i);
    if (base64) {
      answer.body.append("\"").append(base64_of(vector)).append("\"}");
    } else {
      fmt::format_to(std::back_inserter(answer.body), "[{}]}}", fmt::join(vector, ","));
    }
  }
  fmt::format_to(std::back_inserter(answer.body),
                 R"(],"model":{},"usage":{{"prompt_tokens":{},"total_tokens":{}}}}})",
                 json::quote(ask.model), tokens, tokens);
  return answer;
}

}  // namespace sluice::simulator
