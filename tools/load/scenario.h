// What is sent, and what must come back: every request has a nonce in its prompt, and the
// simulator's answer follows from the prompt, so each answer can be checked to its last byte.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "simulator/text.h"
#include "sluice/json/index.h"
#include "sluice/json/value.h"

namespace sluice::load {

enum class Kind : std::uint8_t { chat, embeddings, models };

struct ScenarioConfig {
  Kind kind = Kind::chat;
  bool stream = false;
  bool include_usage = false;  // of a stream: ask for the usage event
  std::string model = "sim-model";
  std::uint32_t prompt_bytes = 1024;  // of the one message; at least 17
  std::uint32_t tokens = 0;           // sent as max_tokens; 0: not sent
  std::uint32_t dimensions = 256;     // of an embedding
};

struct Prepared {
  std::string body;        // empty: GET
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

  /// Whether `body` is the right answer: nothing, or static text that says what is wrong.
  [[nodiscard]] const char* wrong_answer(std::string_view body, std::uint64_t seed,
                                         json::Index& index) const;

 private:
  ScenarioConfig config_;
  std::string front_;    // of the body, up to the nonce
  std::string padding_;  // of the prompt, behind the nonce
  std::string back_;
};

/// Follows one chat stream event by event.
class StreamCheck {
 public:
  /// Lifetime: `index` outlives the check.
  StreamCheck(std::uint64_t seed, std::uint32_t tokens_max, json::Index& index) noexcept
      : words_(seed), tokens_max_(tokens_max), index_(index) {}

  /// Takes the data of the next event. Nothing, or what is wrong with it.
  [[nodiscard]] const char* event(std::string_view data);
  /// The body has ended: nothing, or what is missing.
  [[nodiscard]] const char* finish() const noexcept;

  /// Content events so far; each is one token.
  [[nodiscard]] std::uint64_t tokens() const noexcept { return tokens_; }

 private:
  [[nodiscard]] bool is_like_last(std::string_view data) const noexcept;
  void remember(std::string_view data, std::string_view text);
  const char* content(std::string_view text);
  const char* usage(json::Value usage) const;

  simulator::Words words_;
  std::uint32_t tokens_max_;
  json::Index& index_;
  std::uint64_t tokens_ = 0;
  bool full_stop_ = false;  // the text has come to its end
  bool cut_ = false;        // finish reason "length"
  bool finished_ = false;   // a finish reason came
  bool done_ = false;       // [DONE] came
  // What stood around the text of the last content event that was read as JSON. An event with the
  // same around the text that is due says the same of everything else, and is not read again.
  std::string around_front_;
  std::string around_back_;
};

}  // namespace sluice::load
