// Where a prompt may be cached up to when its caller does not say: for deployments told to
// (ModelTraits::automatic_cache_breakpoints) whose provider caches only what is marked.
//
//   [tools]* [system]* [user] [assistant] [user]* [assistant] [user]*        *: a mark
//
// Three beginnings of one conversation that later requests share: with others of the same tools,
// of the same instructions, and the same conversation grown longer, whose last mark but one is
// this one's last. At most four, which is all that Anthropic takes. A beginning too short to be
// cached is not marked, by a guess at its tokens from its bytes.
#pragma once
#include <cstddef>
#include <vector>

#include "sluice/llm/chat_call.h"
#include "sluice/llm/chat_request.h"
#include "sluice/llm/chat_translation.h"

namespace sluice::llm {

/// About 1024 tokens: the least that a model of Anthropic's caches. What needs more just does not.
inline constexpr std::size_t cacheable_bytes_min = 4096;

/// Marks stand in the request while this lives; none where the caller marked anything at all, or
/// where the provider has no marks. Lifetime: the request outlives it, and its parts stay.
class CacheBreakpoints {
 public:
  CacheBreakpoints(ChatRequest& request, ChatDialect dialect, const ChatTarget& target);
  CacheBreakpoints(const CacheBreakpoints&) = delete;
  CacheBreakpoints& operator=(const CacheBreakpoints&) = delete;
  ~CacheBreakpoints();

  [[nodiscard]] std::size_t count() const noexcept { return marks_.size(); }

 private:
  void mark(CacheMark& place);
  std::vector<CacheMark*> marks_;
};

}  // namespace sluice::llm
