// Names of tools as Gemini takes them: up to 64 letters, digits and _ - . :, the first a letter or
// an underscore. Others get a name of their own, which the reader of the answer turns back.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sluice/json/text.h"
#include "sluice/llm/chat_reader.h"
#include "sluice/llm/chat_request.h"

namespace sluice::llm {

class GeminiNames {
 public:
  explicit GeminiNames(const std::vector<Tool>& tools);

  /// The name to send. Two names never become one. Lifetime: of these names and the request.
  [[nodiscard]] json::Text sent(json::Text name);
  /// A name like `wanted` that no tool has.
  [[nodiscard]] std::string unused(std::string_view wanted) const;
  /// The tools that go by another name.
  [[nodiscard]] std::vector<RenamedTool> renamed() const;

 private:
  std::unordered_set<std::string> taken_;                 // as sent
  std::unordered_map<std::string, std::string> renamed_;  // the caller's name, as sent
};

}  // namespace sluice::llm
