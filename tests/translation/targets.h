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
  ModelTraits traits = {};

  [[nodiscard]] const std::string& name() const noexcept { return model; }
};

[[nodiscard]] const std::vector<Target>& targets();

}  // namespace sluice::llm::testing
