// Whom the drawn requests are written for: models of every kind of every dialect, with what the
// built-in catalogue says of them.
#pragma once
#include <string>
#include <vector>

#include "sluice/llm/chat_translation.h"

namespace sluice::llm::testing {

struct Target {
  ChatDialect dialect = ChatDialect::openai;
  std::string model = {};
  std::string host = {};  // whose ways it is spoken to in, by the catalogue; empty: OpenAI's own
  ModelTraits traits = {};

  [[nodiscard]] std::string name() const { return host.empty() ? model : model + " at " + host; }
};

[[nodiscard]] const std::vector<Target>& targets();

}  // namespace sluice::llm::testing
