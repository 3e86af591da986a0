// Judges answers that are no streams.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "load/likeness.h"
#include "load/scenario.h"
#include "sluice/json/index.h"
#include "sluice/json/value.h"

namespace sluice::load {

class AnswerCheck {
 public:
  /// Lifetime: `config` outlives the check.
  explicit AnswerCheck(const ScenarioConfig& config) noexcept : config_(config) {}

  /// Whether `body` is the right answer to the request of this seed: nothing, or static text that
  /// says what is wrong.
  [[nodiscard]] const char* wrong(std::string_view body, std::uint64_t seed);

 private:
  // What the answer to a chat says beside its text.
  struct Said {
    std::uint64_t tokens = 0;
    bool ended = true;  // finish reason "stop"
  };
  const char* wrong_chat(std::string_view body, json::Value root, std::uint64_t seed);
  bool is_text(std::string_view text, std::uint64_t seed, const Said& said);

  const ScenarioConfig& config_;
  json::Index index_;
  Likeness like_;  // the last answer to a chat that was read and right
  Said said_;      // by that one
  std::string expected_;
};

}  // namespace sluice::load
