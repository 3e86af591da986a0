#include "sluice/llm/vertex_messages.h"

#include <gtest/gtest.h>

#include "sluice/llm/anthropic_request.h"

namespace sluice::llm {
namespace {

std::string sent(std::string body, Operation operation = Operation::messages) {
  const Endpoint endpoint{
      .operation = operation, .dialect = Dialect::anthropic, .streaming = Streaming::by_field};
  json::Index index;
  const Slice received = Slice::copy_of(body);
  const auto request = understand_anthropic_json(endpoint, received.view(), index);
  EXPECT_TRUE(request.has_value());
  return vertex_messages_body(*request, received, "claude-x@1").to_string();
}

TEST(VertexMessages, SayTheVersionInPlaceOfTheModel) {
  EXPECT_EQ(sent(R"({"model":"m","max_tokens":9,"stream":true,"messages":[]})"),
            R"({"anthropic_version":"vertex-2023-10-16","max_tokens":9,"stream":true,)"
            R"("messages":[]})");
  EXPECT_EQ(sent(R"({"messages":[],"max_tokens":9,"model":"m"})"),
            R"({"messages":[],"max_tokens":9,"anthropic_version":"vertex-2023-10-16"})");
}

TEST(VertexMessages, KeepEveryOtherByteWhateverWayTheModelIsSpelled) {
  EXPECT_EQ(
      sent("{ \"a\" : \"x\\\"\" ,\n \"mod\\u0065l\"\t:\n \"m\" , \"messages\" : [ ] }"),
      "{ \"a\" : \"x\\\"\" ,\n \"anthropic_version\":\"vertex-2023-10-16\" , \"messages\" : [ "
      "] }");
}

TEST(VertexMessages, LeaveOutWhatIsTheGatewaysAlone) {
  for (const std::string_view field : anthropic_gateway_only_fields()) {
    const std::string name(field);
    for (const std::string& body : {"{\"" + name + "\":null,\"model\":\"m\",\"messages\":[]}",
                                    "{\"model\":\"m\",\"" + name + "\":null,\"messages\":[]}"}) {
      const std::string out = sent(body);
      EXPECT_EQ(out, R"({"anthropic_version":"vertex-2023-10-16","messages":[]})") << body;
    }
  }
}

TEST(VertexMessages, ThatAreCountedGoOnNamingTheirModel) {
  EXPECT_EQ(sent(R"({"model":"m","messages":[]})", Operation::messages_count_tokens),
            R"({"anthropic_version":"vertex-2023-10-16","model":"claude-x@1","messages":[]})");
}

}  // namespace
}  // namespace sluice::llm
