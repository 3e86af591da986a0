// Chat requests drawn from seeds, written for a provider's dialect and read back by the reader of
// the same dialect for callers: what was said is said again, but for the losses that are listed in
// expected_sense.h, and every option is honoured or named in `dropped`.
//
// SLUICE_DRAWN_SEEDS says how many seeds, SLUICE_DRAWN_SEED repeats one.
#include <gtest/gtest.h>

#include <algorithm>

#include "anthropic_draft.h"
#include "expected_sense.h"
#include "expected_settings.h"
#include "legal_name.h"
#include "seeds.h"
#include "targets.h"

namespace sluice::llm::testing {
namespace {

std::expected<ChatRequest, ApiError> read_back(ChatDialect dialect, std::string_view body,
                                               json::Index& index) {
  switch (dialect) {
    case ChatDialect::openai: return read_chat(Operation::chat_completions, body, index);
    case ChatDialect::responses: return read_chat(Operation::responses, body, index);
    case ChatDialect::anthropic: return read_chat(Operation::messages, body, index);
    case ChatDialect::gemini:
    case ChatDialect::bedrock: break;
  }
  __builtin_unreachable();
}

// Of tools that are not offered, but were called before, nobody need know the caller's name.
void add_tools_not_offered(const ChatRequest& request, ChatDialect dialect, AskedFor& asked) {
  const std::size_t bytes_max = dialect == ChatDialect::anthropic ? anthropic_tool_name_bytes_max
                                                                  : openai_tool_name_bytes_max;
  for (const Tool& tool : request.tools) {
    asked.renamed_tools.push_back(
        {.sent = legal_tool_name(tool.name, bytes_max), .name = plain(tool.name)});
  }
}

// What writers add of their own: joints, labels and words about the form of the answer.
void expect_nothing_invented(std::string between) {
  for (const std::string_view known :
       {"<system>", "</system>", "Error: ", "From the result of tool call "}) {
    for (std::size_t at = between.find(known); at != std::string::npos; at = between.find(known)) {
      std::size_t size_bytes = known.size();
      if (known.starts_with("From")) size_bytes = between.find(':', between.find('_', at)) + 1 - at;
      between.erase(at, size_bytes);
    }
  }
  const bool about_form = between.contains("Answer with one JSON object") ||
                          between.contains("Give your answer by calling the tool ");
  if (about_form) return;
  EXPECT_EQ(between.find_first_not_of(" \n."), std::string::npos) << between;
}

void go_there_and_back(const ChatRequest& request, const Target& target, json::Index& index) {
  const WrittenCall call = write_chat_call(
      target.dialect, request, {.upstream_model = target.model, .traits = target.traits}, index);
  const std::string reason = refusable(request, target.dialect, target.traits);
  if (!call) {
    EXPECT_FALSE(reason.empty()) << call.error().message;
    EXPECT_EQ(call.error().status, 400);
    return;
  }
  const auto again = read_back(target.dialect, call->body, index);
  ASSERT_TRUE(again.has_value()) << again.error().param << ": " << again.error().message << "\n"
                                 << call->body;
  AskedFor asked = call->asked;
  add_tools_not_offered(request, target.dialect, asked);
  const Sense read = read_sense(*again, target.dialect, asked);
  EXPECT_EQ(read.text(), expected_sense(request, target.dialect, target.traits).text())
      << call->body;
  expect_nothing_invented(read.between);
  expect_same_settings(request, *again, *call, target);
}

TEST(RequestRoundTrip, KeepsWhatWasSaidAndAsked) {
  json::Index index;
  for_each_drawn(2'000, [&](std::uint64_t seed) {
    const ChatRequest request = draw_chat(seed);
    for (const Target& target : targets()) {
      const bool readable = target.dialect == ChatDialect::openai ||
                            target.dialect == ChatDialect::responses ||
                            target.dialect == ChatDialect::anthropic;
      if (!readable) continue;
      SCOPED_TRACE(target.name());
      go_there_and_back(request, target, index);
    }
  });
}

}  // namespace
}  // namespace sluice::llm::testing
