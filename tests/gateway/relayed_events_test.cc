#include "relayed_events.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace sluice::gateway {
namespace {

struct Outcome {
  std::string bytes;
  std::size_t events = 0;
  bool commits = false;
  std::optional<llm::ApiError> error;
  bool error_shown = false;
  llm::Usage usage;
};

struct Setting {
  llm::Operation operation = llm::Operation::chat_completions;
  bool usage_added = false;
  std::size_t event_bytes_max = 1 << 20;
  bool breaks = false;
  bool may_have_several_choices = false;
};

// What is read when an answer's body comes in these parts, and then ends or breaks.
Result<SliceChain> next_part(std::deque<std::string>& parts, const Setting& setting) {
  SliceChain part;
  while (part.empty() && !parts.empty()) {
    part.push(Slice::take(std::move(parts.front())));
    parts.pop_front();
  }
  if (part.empty() && setting.breaks) return fail(Error{.kind = ErrorKind::connection_reset});
  return part;
}

Outcome run_once(std::deque<std::string> parts, const Setting& setting, llm::AnswerShapes& shapes) {
  llm::Request request;
  request.operation = setting.operation;
  request.stream = true;
  request.usage_added = setting.usage_added;
  request.may_have_several_choices = setting.may_have_several_choices;
  json::Index index;
  // What the core looked at before: it must not be taken for an event.
  const std::string other = "{\"other\":\"" + std::string(3'000, 'x') + "\"}";
  EXPECT_TRUE(index.build(other).has_value());
  RelayedEvents source(index, {.request = request,
                               .dialect = llm::Dialect::openai,
                               .provider = "p",
                               .request_id = "r",
                               .event_bytes_max = setting.event_bytes_max,
                               .shapes = shapes});
  Outcome outcome;
  bool ended = false;
  while (!ended) {
    EventBatch batch;
    source.take_part(next_part(parts, setting), batch);
    outcome.bytes += batch.bytes.to_string();
    outcome.events += batch.events;
    outcome.commits = outcome.commits || batch.commits;
    outcome.error_shown = outcome.error_shown || batch.error_shown;
    if (batch.error) outcome.error = std::move(*batch.error);
    ended = batch.ended;
  }
  outcome.usage = source.usage();
  return outcome;
}

// The first stream of a deployment, and the same once more when its events are known.
Outcome run(const std::deque<std::string>& parts, const Setting& setting = {}) {
  llm::AnswerShapes shapes;
  const Outcome outcome = run_once(parts, setting, shapes);
  const Outcome again = run_once(parts, setting, shapes);
  EXPECT_EQ(again.bytes, outcome.bytes);
  EXPECT_EQ(again.events, outcome.events);
  EXPECT_EQ(again.commits, outcome.commits);
  EXPECT_EQ(again.error.has_value(), outcome.error.has_value());
  EXPECT_EQ(again.error_shown, outcome.error_shown);
  EXPECT_EQ(again.usage, outcome.usage);
  return outcome;
}

std::string chunk(std::string_view delta, std::string_view finish = "null") {
  return R"({"choices":[{"index":0,"delta":{)" + std::string(delta) + R"(},"finish_reason":)" +
         std::string(finish) + "}]";
}
std::string event(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

const std::string first = chunk(R"("role":"assistant","content":"")");
const std::string usage =
    event(R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}})");
const std::string middle = ": a comment\n\n" + event(chunk("\"content\":\"\u00e9\u6f22\"") + "}") +
                           "event: x\r\nid: 1\r\ndata:" + chunk(R"("content":"b")") + "}\r\n\r\n" +
                           event(chunk("", "\"stop\"") + "}");
const std::string over = event(chunk("", "\"stop\"") + "}");
const std::string done = "data: [DONE]\n\n";
const std::string tagged_first = event(first + R"(,"request_id":"r","provider":"p"})");

TEST(RelayedEvents, GivesTheSameBytesWhereverTheReadsAreCut) {
  const std::string sent = event(first + "}") + middle + usage + done;
  const std::string wanted = tagged_first + middle + done;
  const Setting setting{.usage_added = true};
  for (std::size_t cut = 0; cut <= sent.size(); ++cut) {
    const Outcome outcome = run({sent.substr(0, cut), sent.substr(cut)}, setting);
    ASSERT_EQ(outcome.bytes, wanted) << "cut at " << cut;
    EXPECT_FALSE(outcome.error);
    EXPECT_EQ(outcome.events, 5U);
    EXPECT_EQ(outcome.usage.input, 7U);
  }
  std::deque<std::string> bytes;
  for (const char c : sent) bytes.emplace_back(1, c);
  EXPECT_EQ(run(bytes, setting).bytes, wanted);
}

TEST(RelayedEvents, ShowsTheUsageThatWasAskedFor) {
  const Outcome outcome = run({event(first + "}") + middle + usage + done});
  EXPECT_EQ(outcome.bytes, tagged_first + middle + usage + done);
}

TEST(RelayedEvents, NeverLeavesHalfAnEventWhereverTheStreamBreaks) {
  const std::string sent = event(first + "}") + event(chunk(R"("content":"a")") + "}") + done;
  const std::string shown = tagged_first + event(chunk(R"("content":"a")") + "}") + done;
  for (std::size_t cut = 0; cut < sent.size(); ++cut) {
    const Outcome outcome = run({sent.substr(0, cut)}, {.breaks = true});
    ASSERT_TRUE(outcome.error) << "cut at " << cut;
    EXPECT_TRUE(shown.starts_with(outcome.bytes));
    EXPECT_TRUE(outcome.bytes.empty() || outcome.bytes.ends_with("\n\n")) << outcome.bytes;
    EXPECT_EQ(outcome.bytes.find("[DONE]"), std::string::npos);
  }
}

TEST(RelayedEvents, TheLastEventNeedsNoEmptyLine) {
  const std::string content = event(chunk(R"("content":"a")") + "}") + over;
  for (const char* end : {"data: [DONE]", "data: [DONE]\n", "data:[DONE]\r\n"}) {
    const Outcome outcome = run({content + end});
    EXPECT_FALSE(outcome.error) << end;
    EXPECT_TRUE(outcome.bytes.ends_with(std::string(end) + "\n\n")) << outcome.bytes;
  }
}

TEST(RelayedEvents, WithoutItsLastEventAStreamIsCut) {
  const std::string content = event(chunk(R"("content":"a")") + "}");
  const Outcome outcome = run({event(first + "}") + content});
  ASSERT_TRUE(outcome.error);
  EXPECT_TRUE(outcome.commits);
  EXPECT_EQ(outcome.bytes, tagged_first + content);
}

TEST(RelayedEvents, AFinishedStreamIsWholeThoughItsProviderNeverSaysDone) {
  const std::string content = event(first + "}") + middle;
  const Outcome finished = run({content});
  EXPECT_FALSE(finished.error);
  EXPECT_EQ(finished.bytes, tagged_first + middle + done);
  const Outcome of_two = run({content}, {.may_have_several_choices = true});
  EXPECT_TRUE(of_two.error) << "the second choice may never have begun";
  const Outcome reset = run({content}, {.breaks = true});
  EXPECT_TRUE(reset.error) << "of a connection that breaks nobody knows what else was to come";
}

TEST(RelayedEvents, NothingBehindTheLastEventIsShown) {
  const std::string content = event(chunk(R"("content":"a")") + "}");
  EXPECT_TRUE(run({content + over + done + content}).bytes.ends_with(done));
}

TEST(RelayedEvents, ADoneThatAnEdgeAppendsMakesNoBrokenStreamWhole) {
  const std::string content = event(chunk(R"("content":"a")") + "}");
  const Outcome broken = run({content + done});
  ASSERT_TRUE(broken.error);
  EXPECT_EQ(broken.error->code, "upstream_truncated");
  EXPECT_EQ(broken.bytes.find("[DONE]"), std::string::npos);
  const Outcome counted = run({content + usage + done});
  EXPECT_FALSE(counted.error) << "some hosts never say why they end, but count";
  EXPECT_TRUE(counted.bytes.ends_with(done));
}

TEST(RelayedEvents, GarbageErrorsAndGiantsEndTheStreamWhereTheyStand) {
  const std::string content = event(chunk(R"("content":"a")"));
  const std::string good = event(chunk(R"("content":"a")") + "}");
  const std::string giant = event(chunk("\"content\":\"" + std::string(5'000, 'x') + "\"") + "}");
  for (const std::string& bad :
       {content, event("hello"), giant, event(R"({"error":{"message":"boom"}})")}) {
    const Outcome outcome = run({good + bad + good + done}, {.event_bytes_max = 2'000});
    ASSERT_TRUE(outcome.error) << bad.substr(0, 100);
    EXPECT_EQ(outcome.error->fault, Fault::provider);
    EXPECT_EQ(outcome.bytes.find("[DONE]"), std::string::npos);
    EXPECT_EQ(outcome.events, 1U);
  }
}

TEST(RelayedEvents, AnEventWithoutDataPassesAsItIs) {
  for (const char* empty : {"data:\n\n", "data: \n\n", "data\n\n", "data:\r\n\r\n"}) {
    const std::string sent = empty + event(chunk(R"("content":"a")") + "}") + over + done;
    const Outcome outcome = run({sent});
    EXPECT_FALSE(outcome.error);
    EXPECT_EQ(outcome.bytes, sent);
  }
}

TEST(RelayedEvents, OnlyLifecycleEventsCommitNothing) {
  const Outcome outcome = run({event(first + "}") + ": ping\n\n"}, {.breaks = true});
  EXPECT_FALSE(outcome.commits);
  EXPECT_TRUE(outcome.error);
}

TEST(RelayedEvents, TypedStreamsEndByTheirOwnLastEventAndCarryNoTags) {
  const std::string sent =
      "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{}}\n\n"
      "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\","
      "\"delta\":\"a\"}\n\n"
      "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{}}\n\n";
  const Setting setting{.operation = llm::Operation::responses};
  const Outcome whole = run({sent}, setting);
  EXPECT_FALSE(whole.error);
  EXPECT_EQ(whole.bytes, sent);
  EXPECT_TRUE(run({sent.substr(0, sent.find("event: response.completed"))}, setting).error);
}

const std::string typed_content =
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\","
    "\"delta\":\"a\"}\n\n";

TEST(RelayedEvents, ATypedStreamIsOverWithItsLastEventWhateverComesThen) {
  for (const char* type : {"response.completed", "response.incomplete", "response.cancelled"}) {
    const std::string sent = typed_content + "event: " + type + "\ndata: {\"type\":\"" + type +
                             "\",\"response\":{\"usage\":{\"input_tokens\":7}}}\n\n";
    for (const std::string& behind : {std::string(), std::string("data: {"), typed_content, done}) {
      for (std::size_t cut = 0; cut <= sent.size(); ++cut) {
        const Outcome outcome = run({sent.substr(0, cut), sent.substr(cut) + behind},
                                    {.operation = llm::Operation::responses, .breaks = true});
        ASSERT_FALSE(outcome.error) << type << " behind: " << behind << ", cut at " << cut;
        ASSERT_EQ(outcome.bytes, sent);
        ASSERT_EQ(outcome.usage.input, 7U);
      }
    }
  }
}

TEST(RelayedEvents, AnImageMayBeFollowedByAnother) {
  const std::string image =
      "event: image_generation.completed\n"
      "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"AA\"}\n\n";
  const Setting setting{.operation = llm::Operation::images_generations};
  const Outcome outcome = run({image, image}, setting);
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(outcome.bytes, image + image);
}

TEST(RelayedEvents, TheTypedErrorOfATypedStreamIsShownAsReceivedAndIsItsLast) {
  for (const std::string_view data :
       {R"({"type":"response.failed","response":{"error":{"code":"server_error","message":"no"}}})",
        R"({"type":"error","code":"server_error","message":"no","param":null})",
        R"({"type":"error","error":{"type":"server_error","message":"no"},"sequence_number":3})"}) {
    for (const char* line_end : {"\n", "\r\n"}) {
      std::string sent = typed_content + "event: x" + line_end + "data: " + std::string(data);
      const Setting setting{.operation = llm::Operation::responses};
      const Outcome last = run({sent}, setting);  // the body ends without the empty line
      ASSERT_TRUE(last.error);
      EXPECT_EQ(last.bytes, sent + "\n\n");
      sent += std::string(line_end) + line_end;
      for (std::size_t cut = 0; cut <= sent.size(); ++cut) {
        const Outcome outcome =
            run({sent.substr(0, cut), sent.substr(cut) + typed_content}, setting);
        ASSERT_TRUE(outcome.error) << data << ", cut at " << cut;
        EXPECT_EQ(outcome.error->fault, Fault::provider);
        ASSERT_TRUE(outcome.error_shown);
        ASSERT_EQ(outcome.bytes, sent) << "cut at " << cut;
      }
    }
  }
}

TEST(RelayedEvents, AnErrorWithoutATypeOfTheStreamsIsNotShown) {
  const std::string untyped = "event: error\ndata: {\"error\":{\"message\":\"no\"}}\n\n";
  const Outcome outcome = run({typed_content + untyped}, {.operation = llm::Operation::responses});
  ASSERT_TRUE(outcome.error);
  EXPECT_FALSE(outcome.error_shown);
  EXPECT_EQ(outcome.bytes, typed_content);
}

}  // namespace
}  // namespace sluice::gateway
