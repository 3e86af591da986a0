#include "simulator/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "simulator/text.h"

namespace sluice::simulator {
namespace {

constexpr std::size_t calls_max = 4;
constexpr std::uint64_t thought_tokens_max = 16;
constexpr std::uint64_t thought_salt = 0x7f4a7c159e3779b9U;
constexpr std::string_view signature_prefix = "SIMS";
constexpr std::size_t signature_bytes = 36;

void call_tools(Reply& reply, const Wish& wish) {
  for (const ToolWish& tool : wish.tools) {
    Call call{tool.name, "{}"};
    if (tool.schema) call.arguments = value_for_schema(*tool.schema, reply.seed);
    reply.output_tokens += tokens_of(call.name.size() + call.arguments.size());
    reply.calls.push_back(std::move(call));
    if (!wish.parallel || reply.calls.size() == calls_max) break;
  }
  reply.stop = Stop::calls;
}

/// The stop sequence that comes first in `text`.
const std::string* first_stop(const Wish& wish, const std::string& text) {
  const std::string* first = nullptr;
  std::size_t at = std::string::npos;
  for (const std::string& stop : wish.stops) {
    const std::size_t found = stop.empty() ? std::string::npos : text.find(stop);
    if (found >= at) continue;
    at = found;
    first = &stop;
  }
  return first;
}

void speak(Reply& reply, const Wish& wish, std::uint64_t limit, std::uint32_t tokens,
           std::string_view begun) {
  if (wish.schema) {
    reply.text = tokenize(value_for_schema(*wish.schema, reply.seed), limit, begun);
  } else if (wish.json) {
    reply.text = tokenize(R"({"answer":")" + text_of(reply.seed, 8, true) + R"("})", limit, begun);
  } else {
    reply.text = generate_text(reply.seed, tokens, limit, {}, begun);
    if (const std::string* stop = first_stop(wish, reply.text.bytes)) {
      reply.text = generate_text(reply.seed, tokens, limit, wish.stops, begun);
      reply.stop = Stop::sequence;
      reply.stop_sequence = *stop;
    }
  }
  if (!reply.text.ended) reply.stop = Stop::length;
  reply.output_tokens += reply.text.tokens();
}

std::uint64_t check_of(std::string_view family, std::string_view text, std::uint64_t nonce) {
  return mix(nonce ^ seed_of(text) ^ mix(seed_of(family)));
}

}  // namespace

Reply make_reply(const Wish& wish, PromptCache& cache, const Desk& desk) {
  const Turns::Question question = wish.turns.question(desk.config.tokens);
  Reply reply;
  reply.seed = seed_of_choice(seed_of(question.asked), wish.index);
  reply.prompt_tokens = wish.prompt.tokens();
  if (wish.index == 0) reply.cache = cache.use(wish.prompt);
  if (wish.thinks) {
    const std::uint64_t wanted = thought_tokens_max;
    reply.thoughts = generate_text(reply.seed ^ thought_salt, wanted, wish.tokens_max, {});
    reply.thought_tokens = reply.output_tokens = reply.thoughts.tokens();
  }
  if (wish.tokens_max != 0 && reply.thought_tokens >= wish.tokens_max) {
    reply.stop = Stop::length;  // nothing is left for an answer
  } else if (!wish.tools.empty()) {
    call_tools(reply, wish);
  } else {
    const std::uint64_t limit = wish.tokens_max == 0 ? 0 : wish.tokens_max - reply.thought_tokens;
    speak(reply, wish, limit, desk.config.tokens, question.begun);
  }
  return reply;
}

std::string signature_of(std::string_view family, std::string_view text, std::uint64_t nonce) {
  return fmt::format("{}{:016x}{:016x}", signature_prefix, nonce, check_of(family, text, nonce));
}

bool is_signature_of(std::string_view signature, std::string_view family, std::string_view text) {
  if (signature.size() != signature_bytes || !signature.starts_with(signature_prefix)) return false;
  std::uint64_t nonce = 0;
  const char* const begin = signature.data() + signature_prefix.size();
  if (std::from_chars(begin, begin + 16, nonce, 16).ptr != begin + 16) return false;
  return signature_of(family, text, nonce) == signature;
}

}  // namespace sluice::simulator
