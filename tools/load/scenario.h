// What is sent: every request has a nonce in its prompt, and the simulator's answer follows from
// the prompt, so each answer can be checked to its last byte (AnswerCheck, StreamCheck).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/slice.h"

namespace sluice::load {

enum class Kind : std::uint8_t { chat, embeddings, models };

struct ScenarioConfig {
  Kind kind = Kind::chat;
  bool stream = false;
  bool include_usage = false;  // of a stream: ask for the usage event
  std::string model = "sim-model";
  std::uint32_t prompt_bytes = 1024;  // of the one message; at least 17
  std::uint32_t image_bytes = 0;      // of an image behind the text, in base64; 0: none
  std::uint32_t tokens = 0;           // sent as max_tokens; 0: not sent
  std::uint32_t dimensions = 256;     // of an embedding
};

struct Prepared {
  Slice body;              // empty: GET
  std::uint64_t seed = 0;  // what the answer follows from
};

class Scenario {
 public:
  explicit Scenario(const ScenarioConfig& config);
  [[nodiscard]] const ScenarioConfig& config() const noexcept { return config_; }
  [[nodiscard]] std::string_view method() const noexcept;
  [[nodiscard]] std::string_view target() const noexcept;
  /// The request with this nonce. The same nonce gives the same request.
  [[nodiscard]] Prepared prepare(std::uint64_t nonce) const;

 private:
  ScenarioConfig config_;
  std::string front_;    // of the body, up to the nonce
  std::string padding_;  // of the prompt, behind the nonce
  std::string back_;
};

}  // namespace sluice::load
