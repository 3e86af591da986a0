// The dialects that are not OpenAI's: a request that is JSON in, an answer or a refusal in the
// provider's shape out.
#pragma once
#include <string>
#include <string_view>

#include "simulator/answer.h"
#include "simulator/ask.h"
#include "simulator/prompt.h"
#include "simulator/route.h"
#include "sluice/http/head.h"
#include "sluice/json/value.h"

namespace sluice::simulator {

/// What a dialect's answer needs beside the body. Lifetime: of one call.
struct Session {
  Desk& desk;
  PromptCache& cache;
  const Route& route;
  const http::RequestHead& head;
  std::string_view model{};  // the path's or the body's
  std::string_view request_id{};
};

/// `root` is an object.
[[nodiscard]] Answer answer_anthropic(json::Value root, const Session& session);
[[nodiscard]] Answer answer_gemini(json::Value root, const Session& session);
[[nodiscard]] Answer answer_gemini_embeddings(json::Value root, const Session& session);
[[nodiscard]] Answer answer_bedrock(json::Value root, const Session& session);

/// An id as this host spells those of its requests.
[[nodiscard]] std::string make_request_id(Host host, Random& random);

/// A refusal as this host words and wraps it. `name`: of the kind of error where the status does
/// not say it all: Gemini's reason, AWS's exception; may be empty.
[[nodiscard]] Answer host_error(Host host, http::StatusCode status, std::string_view message,
                                std::string_view request_id, std::string_view name = {});

/// Adds the head's fields that every answer of this host has.
void add_host_fields(Answer& answer, Host host, std::string_view request_id);

}  // namespace sluice::simulator
