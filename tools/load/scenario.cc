#include "load/scenario.h"

#include <fmt/format.h>

#include <array>

#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::load {
namespace {

constexpr std::size_t nonce_bytes = 16;  // hex digits

}  // namespace

Scenario::Scenario(const ScenarioConfig& config) : config_(config) {
  const std::string model = json::quote(config.model);
  if (config.kind == Kind::chat) {
    front_ = fmt::format(R"({{"model":{})", model);
    if (config.stream) front_ += R"(,"stream":true)";
    if (config.stream && config.include_usage)
      front_ += R"(,"stream_options":{"include_usage":true})";
    if (config.tokens != 0) front_ += fmt::format(R"(,"max_tokens":{})", config.tokens);
    front_ += R"(,"messages":[{"role":"user","content":")";
    back_ = R"("}]})";
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
