// A chat request written for a provider: the common promise of the request writers, one per
// dialect (anthropic_request.h, gemini_request.h, ...).
//
// A writer says everything its dialect can say. What it cannot say and would change the meaning of
// the answer (audio for a model without ears, several choices) is a 400 that names the field; what
// merely tunes it (seed, logit_bias) is left out and named in `dropped`, which the caller sees in
// x-sluice-dropped, or is refused for when every parameter is to be honoured.
#pragma once
#include <expected>
#include <string>
#include <vector>

#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_reader.h"
#include "sluice/llm/chat_request.h"
#include "sluice/llm/model_traits.h"

namespace sluice::llm {

struct ChatCall {
  std::string body = {};    // JSON
  std::string target = {};  // what follows the provider's base URL: "/messages"
  AskedFor asked = {};      // for the reader of the answer; `provider` is not filled in
  std::vector<std::string> dropped = {};  // fields of the caller's dialect, in their order
};

struct ChatTarget {
  std::string_view upstream_model;  // what the provider calls the model
  const ModelTraits& traits;
  bool on_vertex = false;  // Google serves it: by its publisher's API, at a path of its own
};

using WrittenCall = std::expected<ChatCall, ApiError>;

}  // namespace sluice::llm
