// What a dialect's request asks for and what is said to it, without any dialect's spelling.
//
//   a request -> check (strict) -> Wish -> make_reply() -> Reply -> one body, or a stream's events
//
// The same wish gives the same reply in every dialect, and as the OpenAI dialect gives it: the text
// follows from the last user message; tools are called first, and after their results it speaks.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/ask.h"
#include "simulator/continuation.h"
#include "simulator/generate.h"
#include "simulator/prompt.h"
#include "sluice/json/value.h"

namespace sluice::simulator {

struct ToolWish {
  std::string name;
  std::optional<json::Value> schema{};  // of its arguments
};

struct Wish {
  Turns turns{};
  Prompt prompt{};
  std::vector<ToolWish> tools{};  // those to call now, each once: none after results
  bool parallel = true;
  std::uint64_t tokens_max = 0;  // 0: none
  std::vector<std::string> stops{};
  std::optional<json::Value> schema{};  // of the text
  bool json = false;                    // the text is some JSON
  bool thinks = false;
  std::uint64_t index = 0;  // of the choice
};

struct Call {
  std::string name;
  std::string arguments;  // JSON
};

enum class Stop : std::uint8_t { end, length, sequence, calls };

struct Reply {
  std::uint64_t seed = 0;
  Text thoughts{};
  Text text{};
  std::vector<Call> calls{};
  Stop stop = Stop::end;
  std::string stop_sequence{};
  CacheUse cache{};
  std::uint64_t prompt_tokens = 0;   // cached ones included
  std::uint64_t thought_tokens = 0;  // of the output
  std::uint64_t output_tokens = 0;   // thoughts included

  [[nodiscard]] std::uint64_t uncached_tokens() const noexcept {
    return prompt_tokens - cache.read - cache.written();
  }
};

[[nodiscard]] Reply make_reply(const Wish& wish, PromptCache& cache, const Desk& desk);

/// A signature of `text` that only the models of `family` take back: 36 letters of base64.
[[nodiscard]] std::string signature_of(std::string_view family, std::string_view text,
                                       std::uint64_t nonce);
[[nodiscard]] bool is_signature_of(std::string_view signature, std::string_view family,
                                   std::string_view text);

}  // namespace sluice::simulator
