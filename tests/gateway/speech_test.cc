#include "speech.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using catalog::Dialect;
using llm::Operation;

struct Spoken {
  Dialect provider;
  Operation operation;
  Speech speech;
};

Speech speech(const Spoken& c, bool repair = false, bool takes_chats = true) {
  catalog::Provider provider;
  provider.dialect = c.provider;
  catalog::Deployment deployment;
  deployment.provider = &provider;
  deployment.traits.takes_chat_completions = takes_chats;
  const bool is_anthropic =
      c.operation == Operation::messages || c.operation == Operation::messages_count_tokens;
  const llm::Endpoint endpoint{
      .operation = c.operation,
      .dialect = is_anthropic ? llm::Dialect::anthropic : llm::Dialect::openai};
  llm::Request request;
  request.operation = c.operation;
  request.repair.text = repair;
  return speech_for(endpoint, request, deployment);
}

TEST(Speech, IsTranslationWhereDialectsDiffer) {
  const Spoken cases[] = {
      {Dialect::openai, Operation::chat_completions, Speech::relayed},
      {Dialect::azure, Operation::embeddings, Speech::relayed},
      {Dialect::anthropic, Operation::chat_completions, Speech::translated},
      {Dialect::gemini, Operation::responses, Speech::translated},
      {Dialect::bedrock, Operation::chat_completions, Speech::translated},
      {Dialect::anthropic, Operation::embeddings, Speech::none},
      {Dialect::bedrock, Operation::embeddings, Speech::none},
      {Dialect::gemini, Operation::embeddings, Speech::translated},
      {Dialect::gemini, Operation::responses_retrieve, Speech::none},
      {Dialect::vertex, Operation::embeddings, Speech::none},
      {Dialect::anthropic, Operation::messages, Speech::relayed},
      {Dialect::anthropic, Operation::messages_count_tokens, Speech::relayed},
      {Dialect::openai, Operation::messages, Speech::translated},
      {Dialect::gemini, Operation::messages, Speech::translated},
      {Dialect::gemini, Operation::messages_count_tokens, Speech::translated},
      {Dialect::openai, Operation::messages_count_tokens, Speech::estimated},
      {Dialect::bedrock, Operation::messages_count_tokens, Speech::estimated},
      {Dialect::openai, Operation::responses_input_tokens, Speech::estimated},
      {Dialect::anthropic, Operation::responses_input_tokens, Speech::translated},
  };
  for (const Spoken& c : cases) {
    EXPECT_EQ(speech(c), c.speech) << to_string(c.provider) << " " << to_string(c.operation);
  }
}

TEST(Speech, OnVertexIsThePublishers) {
  struct OnVertex {
    std::string_view publisher, model;
    Operation operation;
    Speech speech;
    llm::ChatDialect dialect;
  };
  using enum Speech;
  const OnVertex cases[] = {
      {"google", "g", Operation::chat_completions, translated, llm::ChatDialect::gemini},
      {"google", "g", Operation::messages, translated, llm::ChatDialect::gemini},
      {"google", "g", Operation::messages_count_tokens, estimated, llm::ChatDialect::gemini},
      {"google", "g", Operation::embeddings, translated, llm::ChatDialect::gemini},
      {"anthropic", "c", Operation::embeddings, none, llm::ChatDialect::anthropic},
      {"anthropic", "c", Operation::chat_completions, translated, llm::ChatDialect::anthropic},
      {"anthropic", "c", Operation::messages, relayed, llm::ChatDialect::anthropic},
      {"anthropic", "c", Operation::messages_count_tokens, relayed, llm::ChatDialect::anthropic},
      {"meta", "meta/l", Operation::chat_completions, relayed, llm::ChatDialect::openai},
      {"meta", "meta/l", Operation::messages, translated, llm::ChatDialect::openai},
      {"meta", "meta/l", Operation::responses, translated, llm::ChatDialect::openai},
      {"meta", "meta/l", Operation::embeddings, none, llm::ChatDialect::openai},
      {"mistralai", "m", Operation::chat_completions, relayed, llm::ChatDialect::openai},
  };
  for (const OnVertex& c : cases) {
    catalog::Provider provider;
    provider.dialect = Dialect::vertex;
    catalog::Deployment deployment;
    deployment.provider = &provider;
    deployment.traits.publisher = c.publisher;
    deployment.upstream_model = c.model;
    const bool is_anthropic =
        c.operation == Operation::messages || c.operation == Operation::messages_count_tokens;
    const llm::Endpoint endpoint{
        .operation = c.operation,
        .dialect = is_anthropic ? llm::Dialect::anthropic : llm::Dialect::openai};
    EXPECT_EQ(speech_for(endpoint, {}, deployment), c.speech)
        << c.publisher << " " << to_string(c.operation);
    EXPECT_EQ(chat_dialect(deployment, c.operation), c.dialect) << c.publisher;
    EXPECT_EQ(takes_messages(deployment), c.publisher == "anthropic");
  }
}

TEST(Speech, CountsTokensWhereTheHostOrTheModelsMakerHasAWay) {
  catalog::Provider provider;
  catalog::Deployment deployment;
  deployment.provider = &provider;
  const llm::Endpoint responses{.operation = Operation::responses_input_tokens};
  const llm::Endpoint messages{.operation = Operation::messages_count_tokens,
                               .dialect = llm::Dialect::anthropic};
  provider.host.counts_input_tokens = true;
  EXPECT_EQ(speech_for(responses, {}, deployment), Speech::relayed);
  EXPECT_EQ(speech_for(messages, {}, deployment), Speech::translated);
  EXPECT_EQ(chat_dialect(deployment, messages.operation), llm::ChatDialect::responses);
  provider.dialect = Dialect::bedrock;
  EXPECT_EQ(speech_for(messages, {}, deployment), Speech::estimated);
  deployment.traits.publisher = "anthropic";
  EXPECT_EQ(speech_for(messages, {}, deployment), Speech::translated);
}

TEST(Speech, IsTranslationWhereTheAnswerIsToBeMended) {
  EXPECT_EQ(speech({Dialect::openai, Operation::chat_completions, {}}, true), Speech::translated);
}

TEST(Speech, IsTranslationForModelsOfTheResponsesApiAlone) {
  EXPECT_EQ(speech({Dialect::openai, Operation::chat_completions, {}}, false, false),
            Speech::translated);
  EXPECT_EQ(speech({Dialect::openai, Operation::responses, {}}, false, false), Speech::relayed);
}

}  // namespace
}  // namespace sluice::gateway
