// What a request asks for, read once: the answers' common ground.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/answer.h"
#include "simulator/config.h"
#include "sluice/base/clock.h"
#include "sluice/base/random.h"
#include "sluice/http/head.h"
#include "sluice/http/multipart.h"
#include "sluice/json/index.h"
#include "sluice/json/value.h"
#include "sluice/llm/endpoint.h"

namespace sluice::simulator {

struct Ask {
  llm::Endpoint endpoint{};
  std::string model{};
  bool stream = false;
  std::optional<json::Value> root{};          // the body, where it is JSON
  std::optional<http::MultipartForm> form{};  // the body, where it is a form
};

/// What every answer needs beside the request. Lifetime: of one call.
struct Desk {
  const SimulatorConfig& config;
  Random& random;
  WallTime now;

  [[nodiscard]] std::int64_t created() const noexcept {
    return std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  }
};

/// Reads head and body. What is wrong with them comes back as the answer to give. Lifetime: the
/// result refers to `head`, `body` and `index`.
[[nodiscard]] std::expected<Ask, Answer> read_ask(const http::RequestHead& head,
                                                  std::string_view body, json::Index& index);

/// How much is to be written, read from the fields that all text endpoints share.
struct Limits {
  std::uint64_t tokens_max = 0;  // 0: none
  std::uint64_t choices = 1;
  std::vector<std::string> stops{};
};
[[nodiscard]] std::expected<Limits, Answer> read_limits(json::Value root);

/// All text of a message content, an input or a prompt: a string, or strings and parts with `text`
/// inside an array.
void append_prompt(std::string& out, json::Value content);

// The endpoints.
[[nodiscard]] Answer answer_chat(const Ask& ask, Desk& desk);
[[nodiscard]] Answer answer_completions(const Ask& ask, Desk& desk);
[[nodiscard]] Answer answer_embeddings(const Ask& ask, Desk& desk);
[[nodiscard]] Answer answer_responses(const Ask& ask, Desk& desk);
[[nodiscard]] Answer answer_images(const Ask& ask, Desk& desk);
[[nodiscard]] Answer answer_speech(const Ask& ask, Desk& desk);
[[nodiscard]] Answer answer_transcription(const Ask& ask, Desk& desk);
[[nodiscard]] Answer answer_moderations(const Ask& ask, Desk& desk);
[[nodiscard]] Answer answer_models(const Ask& ask, Desk& desk);

/// A deterministic vector of length 1.
[[nodiscard]] std::vector<float> embedding_of(std::uint64_t seed, std::size_t dimensions);
/// Little-endian floats in base64, as `encoding_format: "base64"` has them.
[[nodiscard]] std::string base64_of(const std::vector<float>& vector);
[[nodiscard]] std::string base64_of(std::string_view bytes);

}  // namespace sluice::simulator
