#include "sluice/llm/token_estimate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "chat_builder.h"
#include "recorded.h"
#include "sluice/llm/chat_translation.h"

namespace sluice::llm {
namespace {

TEST(TokenEstimate, WeighsScripts) {
  EXPECT_EQ(estimate_tokens(""), 0u);
  EXPECT_EQ(estimate_tokens("a"), 1u);
  EXPECT_EQ(estimate_tokens("four letters"), 3u);
  EXPECT_EQ(estimate_tokens("привет"), 3u);
  EXPECT_EQ(estimate_tokens("こんにちは"), 5u);
  EXPECT_EQ(estimate_tokens("\xF0\x9F\x98\x80"), 1u);
}

TEST(TokenEstimate, CountsAllThatIsSent) {
  ChatBuilder chat;
  chat.system("four letters").user("four letters");
  const std::uint64_t texts = estimate_tokens(chat.request);
  EXPECT_EQ(texts, 2 * (4u + 3u));
  chat.assistant({called("1", "f", R"({"a":1})")});
  const std::uint64_t with_call = estimate_tokens(chat.request);
  EXPECT_GT(with_call, texts);
  chat.result("1", {said("a result of some length")});
  const std::uint64_t with_result = estimate_tokens(chat.request);
  EXPECT_GT(with_result, with_call + 5);
  chat.tool("f", R"({"type":"object","properties":{"a":{"type":"integer"}}})", "does it");
  const std::uint64_t with_tool = estimate_tokens(chat.request);
  EXPECT_GT(with_tool, with_result + 10);
  chat.add(Role::user, {image("image/png", "AAAA")});
  EXPECT_GT(estimate_tokens(chat.request), with_tool + 1'000);
}

std::int64_t number(json::Value holder, std::string_view name) {
  const auto value = holder.find(name);
  return value ? value->integer().value_or(0) : 0;
}

// What was counted, of a whole answer of either dialect.
std::int64_t counted_input(std::string_view body, json::Index& index) {
  if (!index.build(body)) return 0;
  const auto usage = json::root(index).find("usage");
  if (!usage || usage->is_null()) return 0;
  return number(*usage, "prompt_tokens") + number(*usage, "input_tokens") +
         number(*usage, "cache_creation_input_tokens") + number(*usage, "cache_read_input_tokens");
}

// Three in four within half to twice, of chats of 100 tokens and more, without media, and without
// tools that read more at the provider. Claude has some 500 tokens of its own in front of tools, so
// what is counted of short chats is theirs. Schemas of the answer cost a hundred.
TEST(TokenEstimate, ComesNearWhatProvidersCount) {
  json::Index index;
  int near = 0;
  std::string far;
  for (const RecordedExchange& exchange :
       recorded_exchanges({"anthropic/messages", "openai/chat"})) {
    const bool is_anthropic = exchange.url.ends_with("/v1/messages");
    if (!is_anthropic && !exchange.url.ends_with("/chat/completions")) continue;
    const std::int64_t counted = counted_input(exchange.body, index);
    if (counted < 100) continue;
    const auto request = read_chat(is_anthropic ? Operation::messages : Operation::chat_completions,
                                   exchange.request_body, index);
    if (!request) continue;
    const auto is_media = [](const Part& part) {
      return std::holds_alternative<MediaPart>(part.body);
    };
    if (std::ranges::any_of(request->parts, is_media)) continue;
    if (std::ranges::any_of(request->result_parts, is_media)) continue;
    if (std::ranges::any_of(request->tools,
                            [](const Tool& tool) { return tool.kind == ToolKind::hosted; })) {
      continue;
    }
    const std::int64_t own = is_anthropic && !request->tools.empty() ? 500 : 0;
    const double ratio = static_cast<double>(estimate_tokens(*request)) /
                         static_cast<double>(std::max<std::int64_t>(counted - own, 50));
    if (ratio > 0.5 && ratio < 2.0) {
      ++near;
    } else {
      far += exchange.name + " " + std::to_string(ratio) + " of " + std::to_string(counted) + "\n";
    }
  }
  EXPECT_GT(near, 30);
  EXPECT_LE(std::ranges::count(far, '\n') * 3, near) << far;
}

}  // namespace
}  // namespace sluice::llm
