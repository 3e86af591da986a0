#include "routing_trail.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace sluice::gateway {
namespace {

constexpr std::string_view trail = R"({"routing":{}})";

SliceChain chain_of(std::string_view text) {
  SliceChain chain;
  chain.push(Slice::copy_of(text));
  return chain;
}

struct WholeCase {
  std::string_view name, answer, with_trail;
};
const WholeCase whole_cases[] = {
    {"behind the last member", R"({"a":1})", R"({"a":1,"sluice":{"routing":{}}})"},
    {"white space stays", " {\"a\": {}\n} \n", " {\"a\": {},\"sluice\":{\"routing\":{}}\n} \n"},
    {"into an empty object", "{ }", R"({"sluice":{"routing":{}} })"},
    {"never twice", R"({"sluice":1})", R"({"sluice":1})"},
    {"not into a list", R"([{"a":1}])", R"([{"a":1}])"},
    {"not into what is no JSON", "{\"a\":1", "{\"a\":1"},
    {"not into nothing", "", ""},
};

TEST(RoutingTrail, GoesToTheEndOfAnObjectAndNowhereElse) {
  json::Index index;
  for (const WholeCase& c : whole_cases) {
    SCOPED_TRACE(c.name);
    SliceChain answer = chain_of(c.answer);
    put_trail(answer, trail, index);
    EXPECT_EQ(answer.to_string(), c.with_trail);
  }
}

TEST(RoutingTrail, AnAnswerInPiecesStaysWhole) {
  json::Index index;
  SliceChain answer = chain_of(R"({"a":)");
  answer.push(Slice::copy_of("1"));
  answer.push(Slice::copy_of("}"));
  put_trail(answer, trail, index);
  EXPECT_EQ(answer.to_string(), R"({"a":1,"sluice":{"routing":{}}})");
}

struct StreamCase {
  std::string_view name;
  llm::Operation operation;
  std::string_view seen, last, sent;
  bool is_event_more;
};
constexpr auto chats = llm::Operation::chat_completions;
constexpr auto messages = llm::Operation::messages;
const StreamCase stream_cases[] = {
    {"a chunk before the end", chats,
     "data: {\"id\":\"a\",\"object\":\"o\",\"created\":1,\"model\":\"m\",\"choices\":[1]}\n\n",
     "data: {\"x\":1}\n\ndata: [DONE]\n\n",
     "data: {\"x\":1}\n\ndata: {\"id\":\"a\",\"object\":\"o\",\"created\":1,\"model\":\"m\","
     "\"choices\":[],\"sluice\":{\"routing\":{}}}\n\ndata: [DONE]\n\n",
     true},
    {"chunks without names, CRLF", chats, ": a comment\r\n\r\n", "data:[DONE]\r\n\r\n",
     "data: {\"choices\":[],\"sluice\":{\"routing\":{}}}\n\ndata:[DONE]\r\n\r\n", true},
    {"chunks that just end", chats, "data: {\"id\":\"a\"}\n\n", "",
     "data: {\"id\":\"a\",\"choices\":[],\"sluice\":{\"routing\":{}}}\n\n", true},
    {"an error is the last", chats, "", "data: 1\n\ndata: {\"error\":{}}\n\n",
     "data: 1\n\ndata: {\"error\":{},\"sluice\":{\"routing\":{}}}\n\n", false},
    {"a typed event carries it", messages, "",
     "event: a\ndata: {\"type\":\"a\"}\n\nevent: z\ndata: {\"type\":\"z\"}\n\n: bye\n\n",
     "event: a\ndata: {\"type\":\"a\"}\n\nevent: z\ndata: "
     "{\"type\":\"z\",\"sluice\":{\"routing\":{}}}\n\n: bye\n\n",
     false},
    {"data in several lines", messages, "", "event: z\ndata: {\"type\":\ndata: \"z\"}\n\n",
     "event: z\ndata: {\"type\":\ndata: \"z\"}\n\n", false},
    {"a typed stream without an event", messages, "", "", "", false},
};

TEST(StreamTrail, GoesIntoTheLastEventOrAChunkBeforeIt) {
  json::Index index;
  for (const StreamCase& c : stream_cases) {
    SCOPED_TRACE(c.name);
    StreamTrail stream(index, c.operation);
    stream.see(chain_of(c.seen));
    SliceChain last = chain_of(c.last);
    stream.see(last);
    EXPECT_EQ(stream.put(last, trail), c.is_event_more);
    EXPECT_EQ(last.to_string(), c.sent);
  }
}

TEST(RoutingTrail, TellsOfEveryAttemptAndOfWhoWasLeftOut) {
  catalog::Provider provider;
  provider.name = "p";
  std::array<catalog::Deployment, 2> deployments;
  for (catalog::Deployment& each : deployments) {
    each.provider = &provider;
    each.upstream_model = "up";
    each.region = "eu";
  }
  route::Plan plan;
  plan.strategy = route::Strategy::score;
  plan.considered.push_back({.deployment = deployments.data()});
  plan.considered.push_back(
      {.deployment = &deployments[1], .obstacle = route::Obstacle::cooling_down});
  const telemetry::AttemptRecord attempts[] = {
      {"p", "up", telemetry::AttemptOutcome::failed, 503, std::chrono::microseconds(12'100)},
      {"p", "up", telemetry::AttemptOutcome::connect_failed, 0, Duration(0), 0.5}};
  EXPECT_EQ(
      render_trail({.plan = plan, .attempts = attempts}),
      R"({"routing":{"strategy":"score","chosen":null,"chosen_by":null,"considered":[)"
      R"({"provider":"p","deployment":"up","region":"eu","obstacle":"none"},)"
      R"({"provider":"p","deployment":"up","region":"eu","obstacle":"cooling_down"}],"attempts":[)"
      R"({"provider":"p","deployment":"up","outcome":"failed","status":503,"ms":12.1,)"
      R"("cost_usd":null},)"
      R"({"provider":"p","deployment":"up","outcome":"connect_failed","status":null,"ms":0,)"
      R"("cost_usd":0.5}]}})");
}

}  // namespace
}  // namespace sluice::gateway
