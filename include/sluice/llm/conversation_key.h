// Which conversation a request goes on with, as one number: a provider's prompt cache is of use
// only to requests that come back to it.
//
//   the caller named it    header, session_id, prompt_cache_key (Request::session), or else `user`
//   nobody did             the model, the system's words and the first turn: later turns come
//                          behind those and change nothing
//
// Nothing but the number is kept or logged. It is keyed, so that nobody who sees it can try which
// words give it: `key` is one secret per process (or shared by gateways that are to agree), with
// what tells callers apart mixed in by who asks. The same everywhere for the same key.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/json/value.h"
#include "sluice/llm/request.h"

namespace sluice::llm {

/// Of a name that a caller gave.
[[nodiscard]] std::uint64_t conversation_key(std::string_view session, std::uint64_t key) noexcept;

/// By the name if there is one (`request.session`, `request.user`), else by the words. `top` is the
/// received body, indexed; for Chat Completions, Messages and Responses. Nothing when it holds no
/// words to go by: a response that goes on by id alone, another operation.
///
/// Texts count with their first 4 KiB and as they are spelled; of a list of parts the first 16, and
/// marks for caching, which move from turn to turn, not at all. A text that is given as a string
/// and the same one as a part are one.
[[nodiscard]] std::optional<std::uint64_t> conversation_key(const Request& request, json::Value top,
                                                            std::uint64_t key) noexcept;

}  // namespace sluice::llm
