#include "load/scenario.h"

#include <fmt/format.h>

#include <array>

#include "simulator/ask.h"
#include "simulator/text.h"
#include "sluice/base/random.h"
#include "sluice/json/writer.h"

namespace sluice::load {
namespace {

constexpr std::size_t nonce_bytes = 16;  // hex digits

// Ends the text and adds an image of noise: what it shows is nobody's business on the way.
std::string image_part(std::uint32_t image_bytes) {
  Random random(image_bytes);
  std::string bytes(image_bytes, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.below(256));
  return R"("},{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
         simulator::base64_of(bytes) + R"("}})";
}

}  // namespace

Scenario::Scenario(const ScenarioConfig& config) : config_(config) {
  const std::string model = json::quote(config.model);
  if (config.kind == Kind::chat) {
    front_ = fmt::format(R"({{"model":{})", model);
    if (config.stream) front_ += R"(,"stream":true)";
    if (config.stream && config.include_usage)
      front_ += R"(,"stream_options":{"include_usage":true})";
    if (config.tokens != 0) front_ += fmt::format(R"(,"max_tokens":{})", config.tokens);
    front_ += R"(,"messages":[{"role":"user","content":)";
    front_ += config.image_bytes == 0 ? R"(")" : R"([{"type":"text","text":")";
    back_ = config.image_bytes == 0 ? R"("}]})" : image_part(config.image_bytes) + "]}]}";
  } else if (config.kind == Kind::embeddings) {
    front_ = fmt::format(R"({{"model":{},"encoding_format":"base64","dimensions":{},"input":")",
                         model, config.dimensions);
    back_ = R"("})";
  }
  constexpr std::string_view filler = " the quick brown fox jumps over the lazy dog";
  while (padding_.size() + nonce_bytes < config.prompt_bytes) padding_ += filler;
  if (config.prompt_bytes > nonce_bytes) padding_.resize(config.prompt_bytes - nonce_bytes);
}

std::string_view Scenario::method() const noexcept {
  return config_.kind == Kind::models ? "GET" : "POST";
}

std::string_view Scenario::target() const noexcept {
  switch (config_.kind) {
    case Kind::chat: return "/v1/chat/completions";
    case Kind::embeddings: return "/v1/embeddings";
    case Kind::models: return "/v1/models";
  }
  return "/";
}

Prepared Scenario::prepare(std::uint64_t nonce) const {
  Prepared prepared;
  if (config_.kind == Kind::models) return prepared;
  std::array<char, nonce_bytes> digits{};
  for (char& digit : digits) {
    digit = "0123456789abcdef"[nonce >> 60U];
    nonce <<= 4U;
  }
  Block body(front_.size() + nonce_bytes + padding_.size() + back_.size());
  body.append(front_);
  body.append({digits.data(), digits.size()});
  body.append(padding_);
  prepared.seed = simulator::seed_of(body.view().substr(front_.size()));
  body.append(back_);
  prepared.body = std::move(body).freeze();
  return prepared;
}

}  // namespace sluice::load
