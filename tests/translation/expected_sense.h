// What of a request's sense each dialect keeps: the list of known losses, and why.
//
//   all        who speaks by name (OpenAI alone knows names); thoughts of makers to whom they are
//              of no use; where in a conversation the system spoke
//   openai     where thoughts and calls stand among the words; media of results, which follow in
//              the user's words; of sealed thoughts what they say; thoughts at all where the model
//              takes none
//   responses  thoughts that OpenAI did not seal, or that nothing follows
//   anthropic  of sealed thoughts what they say
#pragma once
#include "sense.h"
#include "sluice/llm/chat_translation.h"

namespace sluice::llm::testing {

/// The sense of the request as `dialect` can say it: openai, responses or anthropic.
[[nodiscard]] Sense expected_sense(const ChatRequest& request, ChatDialect dialect,
                                   const ModelTraits& traits);

/// The sense of what was read back. Where blank messages kept turns apart, and so thoughts and
/// words in their order, they are put together as in the expected one.
[[nodiscard]] Sense read_sense(const ChatRequest& request, ChatDialect dialect,
                               const AskedFor& asked);

/// Whether a writer may refuse the request, and for which reason; empty: it must write it. The
/// reasons are those of the writers' headers.
[[nodiscard]] std::string refusable(const ChatRequest& request, ChatDialect dialect,
                                    const ModelTraits& traits);

}  // namespace sluice::llm::testing
