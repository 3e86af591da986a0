#include "sluice/llm/vertex_target.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

TEST(VertexModel, IsReadFromWhateverWayOperatorsNameIt) {
  const std::pair<std::string_view, VertexModel> cases[] = {
      {"gemini-2.5-pro", {"google", "gemini-2.5-pro"}},
      {"google/gemini-2.5-pro", {"google", "gemini-2.5-pro"}},
      {"models/gemini-2.5-pro", {"google", "gemini-2.5-pro"}},
      {"publishers/google/models/gemini-2.5-pro", {"google", "gemini-2.5-pro"}},
      {"claude-opus-4-5@20251101", {"anthropic", "claude-opus-4-5@20251101"}},
      {"anthropic/claude-opus-4-5", {"anthropic", "claude-opus-4-5"}},
      {"mistral-medium-3", {"mistralai", "mistral-medium-3"}},
      {"meta/llama-3.3-70b-instruct-maas", {"meta", "meta/llama-3.3-70b-instruct-maas"}},
      {"publishers/meta/models/llama-maas", {"meta", "meta/llama-maas"}},
      {"google/gemma-4-26b-a4b-it-maas", {"google", "google/gemma-4-26b-a4b-it-maas"}},
      {"projects/p/locations/us-central1/endpoints/42", {"google", "endpoints/42"}},
      {"endpoints/42", {"google", "endpoints/42"}},
      {"projects/p", {"projects", "projects/p"}},
      {"/odd", {"google", "/odd"}},
  };
  for (const auto& [name, expected] : cases) EXPECT_EQ(vertex_model(name, ""), expected) << name;
}

TEST(VertexModel, IsItsPublishersWhereTheNameDoesNotSay) {
  EXPECT_EQ(vertex_model("grok-4.3", "xai"), (VertexModel{"xai", "xai/grok-4.3"}));
  EXPECT_EQ(vertex_model("prod-1", "anthropic"), (VertexModel{"anthropic", "prod-1"}));
  EXPECT_EQ(vertex_model("meta/llama-maas", "google"), (VertexModel{"meta", "meta/llama-maas"}))
      << "what the name says goes first";
  EXPECT_EQ(vertex_model("projects/1/locations/l/endpoints/42", "meta"),
            (VertexModel{"meta", "endpoints/42"}));
}

TEST(VertexModel, IsTheSameReadTwice) {
  for (const std::string_view name : {"gemini-2.5-pro", "xai/grok", "claude-x", "a/b/c",
                                      "google/m-maas", "projects/p/locations/l/endpoints/4"}) {
    const VertexModel once = vertex_model(name, "");
    EXPECT_EQ(vertex_model(once.model, once.publisher), once) << name;
  }
}

TEST(VertexTarget, IsThePublishersOwnApi) {
  EXPECT_EQ(vertex_target("google", "gemini-2.5-pro", false),
            "/publishers/google/models/gemini-2.5-pro:generateContent");
  EXPECT_EQ(vertex_target("google", "gemini-2.5-pro", true),
            "/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
  EXPECT_EQ(vertex_target("anthropic", "claude-opus-4-5@20251101", false),
            "/publishers/anthropic/models/claude-opus-4-5@20251101:rawPredict");
  EXPECT_EQ(vertex_target("anthropic", "c", true),
            "/publishers/anthropic/models/c:streamRawPredict");
  EXPECT_EQ(vertex_target("mistralai", "m", true),
            "/publishers/mistralai/models/m:streamRawPredict");
  EXPECT_EQ(vertex_target("meta", "meta/llama-maas", true), "/endpoints/openapi/chat/completions");
  EXPECT_EQ(vertex_target("google", "google/gemma-maas", false),
            "/endpoints/openapi/chat/completions");
}

TEST(VertexTarget, IsTheEndpointOfATunedModel) {
  EXPECT_EQ(vertex_target("google", "endpoints/42", false), "/endpoints/42:generateContent");
  EXPECT_EQ(vertex_target("google", "endpoints/42", true),
            "/endpoints/42:streamGenerateContent?alt=sse");
  EXPECT_EQ(vertex_target("meta", "endpoints/42", true), "/endpoints/42/chat/completions");
  EXPECT_EQ(vertex_target("google", "endpoints/4/2", false), "/endpoints/4%2F2:generateContent");
  EXPECT_EQ(vertex_api("google", "endpoints/42"), VertexApi::generate_content);
  EXPECT_EQ(vertex_api("meta", "endpoints/42"), VertexApi::openapi_chat);
}

TEST(VertexTarget, HoldsNoPartOfANameThatWouldEndIt) {
  EXPECT_EQ(vertex_target("google", "a:b?c#d", false),
            "/publishers/google/models/a%3Ab%3Fc%23d:generateContent");
}

}  // namespace
}  // namespace sluice::llm
