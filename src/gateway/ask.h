// What is asked of a model: the request as it came, or one of the fallbacks that it names, with all
// that becomes of it on its way.
#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "attempt.h"
#include "media_fetches.h"
#include "sluice/base/slice.h"
#include "sluice/catalog/model_table.h"
#include "sluice/llm/chat_request.h"
#include "sluice/llm/embeddings_request.h"
#include "sluice/llm/request.h"
#include "sluice/route/plan.h"

namespace sluice::gateway {

struct Ask {
  llm::Request request = {};
  Slice body = {};
  // The body read whole, for providers of other dialects: one of the two, and most have none.
  std::unique_ptr<llm::ChatRequest> chat = {};
  std::unique_ptr<llm::EmbeddingsRequest> embeddings = {};
  // The chat with what was said of its answer behind it, once that broke off.
  std::unique_ptr<llm::ChatRequest> continued = {};
  std::unique_ptr<MediaFetches> media = {};  // made when first needed, until the commit point
  const catalog::Model* model = nullptr;     // null: none was named
  std::string_view provider = {};            // pinned by the name; empty: any
  std::optional<llm::RouteSort> sort = {};   // by the name's suffix
  route::RegionPin pin = {};                 // the request's, and the name's own
  bool looked_closer = false;
  std::optional<llm::RequestNeeds> needs = {};     // looked for where there is a choice
  std::optional<std::uint64_t> conversation = {};  // the same
  route::Plan plan = {};
  bool plan_is_counted = false;
  bool may_estimate = false;  // tokens are to be counted, and who serves the model cannot
  std::optional<AttemptContext> context = {};  // from the first attempt on

  /// What only an attempt needs, once there is one to show and nobody else will be asked.
  void let_go() noexcept {
    body.reset();
    request.edits = {};
    chat.reset();
    embeddings.reset();
    continued.reset();
    media.reset();
    if (context) context->chat = nullptr;
    if (context) context->embeddings = nullptr;
  }

  /// The chat that is written for providers; null: it was not read.
  [[nodiscard]] llm::ChatRequest* asked_chat() const noexcept {
    return continued ? continued.get() : chat.get();
  }
};

}  // namespace sluice::gateway
