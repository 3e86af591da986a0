// Chat requests drawn from seeds, written for Anthropic, Gemini and Bedrock, are taken by the
// simulator's judges of these dialects, which know nothing of our writers: they are written from
// the providers' documents and from their errors. What was said is in them, and in its order.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "../support/base64.h"
#include "expected_sense.h"
#include "seeds.h"
#include "simulator/anthropic_check.h"
#include "simulator/bedrock_check.h"
#include "simulator/gemini_check.h"
#include "targets.h"

namespace sluice::llm::testing {
namespace {

std::optional<std::string> complaint(const Target& target, json::Value root) {
  switch (target.dialect) {
    case ChatDialect::anthropic:
      return simulator::anthropic_complaint(root, {.model = target.model});
    case ChatDialect::gemini: return simulator::gemini_complaint(root, {.model = target.model});
    case ChatDialect::bedrock: return simulator::bedrock_complaint(root, {.model = target.model});
    case ChatDialect::openai:
    case ChatDialect::responses: break;
  }
  return std::nullopt;
}

// Every marked text of the body, wherever it stands.
void collect(json::Value value, std::vector<std::string>& out) {
  std::string between;
  for (std::string& text : marked(value.string().value_or(""), between)) {
    out.push_back(std::move(text));
  }
  for (const json::Member member : value.members()) {
    collect(member.value, out);
    if (!member.key.string_equals("bytes")) continue;  // of a document: Bedrock has no other way
    const std::string document = test::decode_base64(member.value.string().value_or(""));
    std::ranges::move(marked(document, between), std::back_inserter(out));
  }
  for (const json::Value element : value.elements()) collect(element, out);
}

void collect(const std::vector<Atom>& atoms, std::vector<std::string>& out) {
  for (const Atom& atom : atoms) {
    if (atom.kind == Atom::Kind::text) out.push_back(atom.what);
    collect(atom.children, out);
  }
}

// Thoughts go to their own maker alone, and where the system speaks is each dialect's matter.
void expect_all_said(const ChatRequest& request, json::Value root) {
  std::vector<std::string> wanted;
  for (const SenseTurn& turn : sense_of(request).turns) collect(turn.atoms, wanted);
  std::vector<std::string> found;
  collect(root, found);
  std::erase_if(found, [](const std::string& text) {
    return text.starts_with("<<t") || text.starts_with("<<s");
  });
  EXPECT_EQ(found, wanted);
}

// Converse wants what Claude sealed as bytes, in base64; the simulator's judge knows the texts of
// its own answers alone. And it has Gemini refuse to go on with an answer, as the first of them
// did.
bool is_beyond_judge(const ChatRequest& request, const Target& target) {
  const Sense sense = sense_of(request);
  const bool prefilled = !sense.turns.empty() && sense.turns.back().role == Role::assistant;
  if (prefilled && !target.model.contains("claude")) return true;
  return target.dialect == ChatDialect::bedrock &&
         std::ranges::any_of(request.parts, [](const Part& part) {
           const auto* thought = std::get_if<ReasoningPart>(&part.body);
           return thought != nullptr && thought->origin == ReasoningOrigin::anthropic &&
                  !thought->sealed.empty();
         });
}

void judge(const ChatRequest& request, const Target& target, json::Index& index) {
  const WrittenCall call = write_chat_call(
      target.dialect, request, {.upstream_model = target.model, .traits = target.traits}, index);
  const std::string reason = refusable(request, target.dialect, target.traits);
  if (!call) {
    EXPECT_FALSE(reason.empty()) << call.error().message;
    EXPECT_EQ(call.error().status, 400);
    return;
  }
  ASSERT_TRUE(index.build(call->body)) << call->body;
  if (!is_beyond_judge(request, target)) {
    EXPECT_EQ(complaint(target, json::root(index)), std::nullopt) << call->body;
  }
  expect_all_said(request, json::root(index));
}

TEST(JudgedRequest, IsOneThatTheProviderTakes) {
  json::Index index;
  for_each_drawn(2'000, [&](std::uint64_t seed) {
    const ChatRequest request = draw_chat(seed);
    for (const Target& target : targets()) {
      if (target.dialect == ChatDialect::openai || target.dialect == ChatDialect::responses)
        continue;
      SCOPED_TRACE(target.name());
      judge(request, target, index);
    }
  });
}

}  // namespace
}  // namespace sluice::llm::testing
