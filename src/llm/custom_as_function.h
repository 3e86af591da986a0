// A custom tool, which takes text of any kind, as a function for providers without custom tools:
//
//   {"type":"custom","name":"sh"}      {"name":"sh","parameters":{..."input":{"type":"string"}...}}
//   its call        ls -l              {"input":"ls -l"}
//
// The way back is wrapped_input.h's.
#pragma once
#include <string>
#include <string_view>

#include "sluice/json/text.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

inline constexpr std::string_view custom_tool_parameters =
    R"({"type":"object","properties":{"input":{"type":"string"}},"required":["input"]})";

/// What the tool takes is not in its schema, so it is told in words.
[[nodiscard]] inline std::string custom_tool_description(const Tool& tool) {
  std::string out;
  json::append_plain(out, tool.description);
  if (!tool.parameters.empty()) {
    if (!out.empty()) out += "\n\n";
    out += "The input must have this format: ";
    out += tool.parameters;
  }
  return out;
}

}  // namespace sluice::llm
