#include "sluice/llm/endpoint.h"

#include <gtest/gtest.h>

namespace sluice::llm {
namespace {

struct FoundCase {
  std::string_view method, target;
  Operation operation;
  BodyForm body;
  Streaming streaming;
  std::string_view id, upstream_target;
};

const FoundCase found_cases[] = {
    {"POST", "/v1/chat/completions", Operation::chat_completions, BodyForm::json,
     Streaming::by_field, "", "/chat/completions"},
    {"POST", "/v1/completions?a=1&b", Operation::completions, BodyForm::json, Streaming::by_field,
     "", "/completions?a=1&b"},
    {"POST", "/v1/embeddings?", Operation::embeddings, BodyForm::json, Streaming::never, "",
     "/embeddings?"},
    {"POST", "/v1/responses", Operation::responses, BodyForm::json, Streaming::by_field, "",
     "/responses"},
    {"POST", "/v1/responses/input_tokens", Operation::responses_input_tokens, BodyForm::json,
     Streaming::never, "", "/responses/input_tokens"},
    {"GET", "/v1/responses/resp_1?stream=true", Operation::responses_retrieve, BodyForm::none,
     Streaming::by_query, "resp_1", "/responses/resp_1?stream=true"},
    {"DELETE", "/v1/responses/resp_1", Operation::responses_delete, BodyForm::none,
     Streaming::never, "resp_1", "/responses/resp_1"},
    {"POST", "/v1/responses/resp_1/cancel", Operation::responses_cancel, BodyForm::none,
     Streaming::never, "resp_1", "/responses/resp_1/cancel"},
    {"GET", "/v1/responses/resp_1/input_items", Operation::responses_input_items, BodyForm::none,
     Streaming::never, "resp_1", "/responses/resp_1/input_items"},
    {"POST", "/v1/images/generations", Operation::images_generations, BodyForm::json,
     Streaming::by_field, "", "/images/generations"},
    {"POST", "/v1/images/edits", Operation::images_edits, BodyForm::multipart, Streaming::by_field,
     "", "/images/edits"},
    {"POST", "/v1/audio/speech", Operation::audio_speech, BodyForm::json, Streaming::by_field, "",
     "/audio/speech"},
    {"POST", "/v1/audio/transcriptions", Operation::audio_transcriptions, BodyForm::multipart,
     Streaming::by_field, "", "/audio/transcriptions"},
    {"POST", "/v1/audio/translations", Operation::audio_translations, BodyForm::multipart,
     Streaming::never, "", "/audio/translations"},
    {"POST", "/v1/moderations", Operation::moderations, BodyForm::json, Streaming::never, "",
     "/moderations"},
    {"POST", "/v1/messages?beta=true", Operation::messages, BodyForm::json, Streaming::by_field, "",
     "/messages?beta=true"},
    {"POST", "/v1/messages/count_tokens", Operation::messages_count_tokens, BodyForm::json,
     Streaming::never, "", "/messages/count_tokens"},
    {"GET", "/v1/models", Operation::models, BodyForm::none, Streaming::never, "", "/models"},
    {"HEAD", "/v1/models", Operation::models, BodyForm::none, Streaming::never, "", "/models"},
    {"GET", "/v1/models/gpt-5", Operation::model, BodyForm::none, Streaming::never, "gpt-5",
     "/models/gpt-5"},
    {"GET", "/v1/models/openai%2Fgpt-5", Operation::model, BodyForm::none, Streaming::never,
     "openai/gpt-5", "/models/openai%2Fgpt-5"},
    {"GET", "/v1/models/meta-llama/Llama-4?x", Operation::model, BodyForm::none, Streaming::never,
     "meta-llama/Llama-4", "/models/meta-llama/Llama-4?x"},
};

TEST(Endpoint, IsFoundByMethodAndPath) {
  for (const FoundCase& c : found_cases) {
    SCOPED_TRACE(c.target);
    const auto found = find_endpoint(c.method, c.target);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(to_string(found->operation), to_string(c.operation));
    EXPECT_EQ(found->body, c.body);
    EXPECT_EQ(found->streaming, c.streaming);
    EXPECT_EQ(found->id, c.id);
    EXPECT_EQ(found->upstream_target(), c.upstream_target);
    const bool is_anthropic =
        c.operation == Operation::messages || c.operation == Operation::messages_count_tokens;
    EXPECT_EQ(found->dialect, is_anthropic ? Dialect::anthropic : Dialect::openai);
    EXPECT_EQ(found->needs_model, c.body != BodyForm::none);
    EXPECT_EQ(found->json_too, c.operation == Operation::images_edits);
    EXPECT_EQ(found->is_local, c.operation == Operation::models || c.operation == Operation::model);
  }
}

TEST(Endpoint, SaysWhichMethodsAPathAllows) {
  const std::pair<std::pair<std::string_view, std::string_view>, std::string_view> cases[] = {
      {{"GET", "/v1/chat/completions"}, "POST"},
      {{"post", "/v1/chat/completions"}, "POST"},
      {{"HEAD", "/v1/embeddings"}, "POST"},
      {{"POST", "/v1/models"}, "GET, HEAD"},
      {{"DELETE", "/v1/models/gpt-5"}, "GET, HEAD"},
      {{"PUT", "/v1/responses"}, "POST"},
      {{"POST", "/v1/responses/r1"}, "GET, HEAD, DELETE"},
      {{"GET", "/v1/responses/r1/cancel"}, "POST"},
      {{"POST", "/v1/responses/r1/input_items"}, "GET, HEAD"},
      {{"", "/v1/moderations"}, "POST"},
      {{"GET", "/v1/messages"}, "POST"},
      {{"GET", "/v1/messages/count_tokens"}, "POST"},
  };
  for (const auto& [request, allow] : cases) {
    SCOPED_TRACE(request.second);
    const auto found = find_endpoint(request.first, request.second);
    ASSERT_FALSE(found.has_value());
    EXPECT_TRUE(found.error().method_wrong());
    EXPECT_EQ(found.error().allow, allow);
  }
}

TEST(Endpoint, IsUnknownForOddPaths) {
  for (const std::string_view target : {"",
                                        "/",
                                        "*",
                                        "/v1",
                                        "/v1/",
                                        "/v2/chat/completions",
                                        "/v1/chat/completions/",
                                        "/v1//chat/completions",
                                        "/v1/./chat/completions",
                                        "/v1/../v1/models",
                                        "/V1/models",
                                        "/v1/chat%2Fcompletions",
                                        "/%761/models",
                                        "/v1/chat/completions#x",
                                        "/v1/chat/completion",
                                        "/v1/messages/batches",
                                        "/v1/models/",
                                        "/v1/models/%",
                                        "/v1/models/%2",
                                        "/v1/models/%zz",
                                        "/v1/models/a%00b",
                                        "/v1/models/a%0Ab",
                                        "/v1/models/%FF",
                                        "/v1/models/a b",
                                        "/v1/responses/",
                                        "/v1/responses/../models",
                                        "/v1/responses/a%2Fb",
                                        "/v1/responses/r1/",
                                        "/v1/responses/r1/x",
                                        "/v1/responses/r1/cancel/",
                                        "/v1/responses//cancel",
                                        "chat/completions",
                                        "?",
                                        "/v1?x"}) {
    SCOPED_TRACE(target);
    const auto found = find_endpoint("POST", target);
    ASSERT_FALSE(found.has_value());
    EXPECT_FALSE(found.error().method_wrong());
  }
  EXPECT_FALSE(find_endpoint("GET", "/v1/models/" + std::string(513, 'a')).has_value());
  EXPECT_TRUE(find_endpoint("GET", "/v1/models/" + std::string(512, 'a')).has_value());
}

TEST(Endpoint, SuggestsThePathThatIsProbablyMeant) {
  for (const std::string_view target : {"/chat/completions", "/v1/v1/chat/completions",
                                        "/openai/v1/chat/completions", "/v1/chat/completions/"}) {
    SCOPED_TRACE(target);
    EXPECT_EQ(find_endpoint("POST", target).error().suggestion, "/chat/completions");
  }
  EXPECT_EQ(find_endpoint("POST", "/nothing").error().suggestion, "");
}

TEST(Endpoint, KnowsWhichMediaTypesABodyMayHave) {
  for (const std::string_view type :
       {"", "application/json", "Application/JSON; charset=utf-8", " application/json ;x",
        "application/vnd.api+json", "text/json"}) {
    EXPECT_TRUE(media_type_fits(BodyForm::json, type)) << type;
  }
  for (const std::string_view type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "application/jsonx", "+json", "json"}) {
    EXPECT_FALSE(media_type_fits(BodyForm::json, type)) << type;
  }
  EXPECT_TRUE(media_type_fits(BodyForm::multipart, "multipart/form-data; boundary=x"));
  EXPECT_FALSE(media_type_fits(BodyForm::multipart, ""));
  EXPECT_FALSE(media_type_fits(BodyForm::multipart, "multipart/mixed; boundary=x"));
  EXPECT_TRUE(media_type_fits(BodyForm::none, "anything/at-all"));
}

TEST(Endpoint, KnowsWhatASuccessLooksLike) {
  struct {
    Operation operation;
    bool in_json, with_tokens;
  } const cases[] = {
      {Operation::chat_completions, true, true},
      {Operation::completions, true, true},
      {Operation::embeddings, true, true},
      {Operation::responses, true, true},
      {Operation::responses_retrieve, true, false},  // counted when it was made
      {Operation::responses_delete, false, false},   // may be empty
      {Operation::responses_cancel, true, false},
      {Operation::responses_input_items, true, false},
      {Operation::responses_input_tokens, true, false},
      {Operation::images_generations, true, true},
      {Operation::images_edits, true, true},
      {Operation::audio_speech, false, false},
      {Operation::audio_transcriptions, false, false},  // may be plain text
      {Operation::audio_translations, false, false},
      {Operation::moderations, true, false},
      {Operation::messages, true, true},
      {Operation::messages_count_tokens, true, false},
      {Operation::models, false, false},  // answered here
      {Operation::model, false, false},
  };
  static_assert(std::size(cases) == static_cast<std::size_t>(Operation::model) + 1);
  for (const auto& c : cases) {
    EXPECT_EQ(answers_in_json(c.operation), c.in_json) << to_string(c.operation);
    EXPECT_EQ(counts_tokens(c.operation), c.with_tokens) << to_string(c.operation);
  }
}

}  // namespace
}  // namespace sluice::llm
