// What a chat names by a URL: which of it a provider fetches itself, and which somebody else must
// fetch for it, or nobody.
//
//                images   documents   audio
//   openai       itself   fetched     fetched
//   responses    itself   itself      -
//   anthropic    itself   itself      -            http and https alone
//   gemini       itself   itself      itself       Google's own files and YouTube in any case
//   bedrock      fetched  fetched     -            but for s3://
//
// "Itself" is "fetched" for models and hosts without ModelTraits::takes_media_urls.
#pragma once
#include <string_view>
#include <vector>

#include "sluice/llm/chat_request.h"
#include "sluice/llm/chat_translation.h"
#include "sluice/llm/model_traits.h"

namespace sluice::llm {

/// "http://" or "https://", in whatever letters.
[[nodiscard]] bool is_web_url(std::string_view url) noexcept;

/// Whether such a provider takes the part's URL as it is. `part.source` is url.
[[nodiscard]] bool takes_url(ChatDialect dialect, const ModelTraits& traits, const MediaPart& part);

/// The parts on the web that the dialect has room for and the provider does not fetch: once their
/// bytes stand in their place, the chat can be written. In the order of the request. Lifetime: of
/// its parts.
[[nodiscard]] std::vector<MediaPart*> media_to_fetch(ChatRequest& request, ChatDialect dialect,
                                                     const ModelTraits& traits);

/// How many media parts the request holds up to and with this one, which is one of them.
[[nodiscard]] std::size_t ordinal_of(const ChatRequest& request, const MediaPart& part) noexcept;

}  // namespace sluice::llm
