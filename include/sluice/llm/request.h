// What the gateway needs to know of a request, whatever dialect it came in.
//
// Everything else in the body is the provider's business and travels on as received.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/json/splice.h"
#include "sluice/llm/endpoint.h"
#include "sluice/llm/route_wishes.h"

namespace sluice::llm {

/// What of an answer is to be mended where the model wrote it badly (answer_repair.h).
struct RepairWanted {
  bool text = false;
  bool arguments = false;  // of tool calls

  [[nodiscard]] bool any() const noexcept { return text || arguments; }
};

struct Request {
  Operation operation = Operation::chat_completions;
  BodyForm body = BodyForm::json;

  std::string model;         // as the client named it, unescaped; empty only where none is needed
  json::Span model_span;     // its value in the body; size 0 when the body names none
  bool stream = false;       // an event stream is asked for
  bool usage_shown = false;  // the client asked for the usage chunk of a stream: it is shown
  bool usage_added = false;  // we ask in its place: the chunk is counted and hidden
  bool may_have_several_choices = false;  // says "n", or has an array of prompts completed
  RepairWanted repair;                    // of chats
  bool continuable = false;  // a stream that breaks off is to be gone on with elsewhere
  std::string user;          // the caller's end-user label; may be empty
  std::string session;       // the conversation it belongs to, by the caller's name; may be empty
  std::unique_ptr<const RouteWishes> wishes;  // null: nothing is said about routing

  // What changes on the way to a provider of the same dialect, the model's name excepted, which
  // depends on the deployment.
  json::Splice edits;

  /// Whether a provider that would not get all parameters is not to be asked.
  [[nodiscard]] bool every_parameter() const noexcept {
    return wishes != nullptr && wishes->provider.require_parameters;
  }
};

/// A model name read as provider/model. Only the catalogue knows whether the first part is a
/// provider's name or belongs to the model ("meta-llama/llama-3").
struct PinnedModel {
  std::string_view provider;
  std::string_view model;
};

/// Splits at the first slash; nothing when there is none or a side would be empty.
[[nodiscard]] std::optional<PinnedModel> split_provider_pin(std::string_view name) noexcept;

}  // namespace sluice::llm
