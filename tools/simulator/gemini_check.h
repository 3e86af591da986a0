// Whether a body is one that Gemini takes, on Google's own host or on Vertex AI, member by member.
//
// Written from Google's documentation and from the texts of its errors. As in all of Google's JSON
// a name may be in camelCase or in snake_case; complaints are in snake_case.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/value.h"

namespace sluice::simulator {

struct GeminiRules {
  std::string_view model{};
  bool vertex = false;
  bool counts_tokens = false;

  [[nodiscard]] bool is_third() const noexcept { return model.find("gemini-3") != model.npos; }
};

/// The complaint, in the API's words; nothing when the request is right. `root` is an object.
[[nodiscard]] std::optional<std::string> gemini_complaint(json::Value root,
                                                          const GeminiRules& rules);

/// contents and systemInstruction.
[[nodiscard]] std::optional<std::string> check_gemini_contents(json::Value root,
                                                               const GeminiRules& rules);

/// A `parameters` or `responseSchema`: the OpenAPI subset.
[[nodiscard]] std::optional<std::string> check_gemini_schema(json::Value schema,
                                                             const std::string& path, int depth);

inline constexpr std::string_view gemini_family = "gemini";  // of signatures

}  // namespace sluice::simulator
