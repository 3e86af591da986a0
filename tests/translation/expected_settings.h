// What was asked of the answer, held against what a dialect made of it: each option is there, or
// named in `dropped`, or its loss is known and listed here.
//
//   marks for caching     OpenAI caches unasked
//   words for thinking    each dialect has its own: that it is asked for, switched off or not at
//                         all is kept, how much is a matter of its steps
//   names of schemas      Anthropic has none
#pragma once
#include "sluice/llm/chat_call.h"
#include "targets.h"

namespace sluice::llm::testing {

void expect_same_settings(const ChatRequest& asked, const ChatRequest& read, const ChatCall& call,
                          const Target& target);

}  // namespace sluice::llm::testing
