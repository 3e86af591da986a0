// The simulator's forms and what it remembers of a request, taken by themselves.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "simulator/form.h"
#include "simulator/memory.h"
#include "simulator/text.h"
#include "sluice/http/chunked.h"

namespace sluice::simulator {
namespace {

const WallTime moment{std::chrono::seconds(1'760'000'000)};
constexpr std::string_view request_id = "req_aaaaaaaa";
constexpr std::string_view id = "chatcmpl-bbbbbbbb";

struct Shape {
  bool stream = false;
  std::uint64_t tokens = 1;
  bool ended = true;
};

// An answer as the simulator writes it, with less around its text.
std::string answer_of(const Shape& shape, const Filling& filling) {
  const std::string front = "{\"id\":\"" + std::string(filling.id) + "\",\"content\":\"";
  const std::string text = text_of(filling.seed, shape.tokens, shape.ended);
  const std::string head =
      "HTTP/1.1 200 OK\r\nx-request-id: " + std::string(filling.request_id) + "\r\n";
  if (!shape.stream) {
    const std::string body = front + text + "\",\"end\":1}";
    return head + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  std::string body = "data: " + front + "\"}\n\n";
  Words words(filling.seed);
  for (std::uint64_t i = 0; i < shape.tokens; ++i) {
    body.append("data: ").append(front).append(i == 0 ? "" : " ").append(words.next());
    if (shape.ended && i + 1 == shape.tokens) body += '.';
    body += "\",\"end\":null}\n\n";
  }
  body += "data: {\"id\":\"" + std::string(filling.id) + "\"}\n\ndata: [DONE]\n\n";
  return head + "transfer-encoding: chunked\r\n\r\n" +
         std::string(http::ChunkPrefix(body.size()).view()) + body + "\r\n0\r\n\r\n";
}

template <typename Try>
void for_each_shape(Try attempt) {
  for (const bool stream : {false, true}) {
    for (const bool ended : {false, true}) {
      for (std::uint64_t tokens = 1; tokens < 100; ++tokens) {
        SCOPED_TRACE(testing::Message() << stream << ended << ", tokens " << tokens);
        attempt(Shape{stream, tokens, ended});
      }
    }
  }
}

TEST(SimulatorForm, GivesEveryAnswerOfItsShapeOnceOneWasSeen) {
  for_each_shape([](const Shape& shape) {
    const Filling seen{request_id, id, shape.tokens};
    auto form = Form::learn(answer_of(shape, seen), seen, shape.tokens, shape.ended);
    ASSERT_TRUE(form.has_value());
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const Filling other{"req_cccccccc", "chatcmpl-dddddddd", seed};
      EXPECT_EQ(form->fill(other).view(), answer_of(shape, other));
    }
  });
}

TEST(SimulatorForm, IsNotLearntFromWhatItCouldNotGiveAgain) {
  const Filling seen{request_id, id, 5};
  const std::string wire = answer_of({true, 9, true}, seen);
  EXPECT_FALSE(Form::learn(wire, seen, 8, true).has_value()) << "a token more";
  EXPECT_FALSE(Form::learn(wire, {request_id, id, 6}, 9, true).has_value()) << "another text";
  EXPECT_FALSE(Form::learn(wire.substr(0, 200), seen, 9, true).has_value()) << "cut";
  EXPECT_FALSE(Form::learn("HTTP/1.1 200 OK\r\n\r\n", seen, 9, true).has_value()) << "no length";
}

// Received bytes end where their memory does, so that under a sanitizer one read too far shows.
TEST(SimulatorMemory, RecallsARequestThatIsAllThereAndWhosePromptIsPlain) {
  const std::string head = "POST / HTTP/1.1\r\n\r\n";
  for (std::size_t prompt_bytes = 1; prompt_bytes < 100; ++prompt_bytes) {
    SCOPED_TRACE(prompt_bytes);
    const std::string prompt(prompt_bytes, 'x');
    const std::string body = "{\"p\":\"" + prompt + "\"}";
    const Said said{std::string_view(body).substr(6, prompt_bytes), std::string(id), 3, true};
    const std::string wire = answer_of({false, 3, true}, {request_id, id, seed_of(prompt)});
    Memory memory;
    for (int i = 0; i < 2; ++i) memory.learn(head, body, said, request_id, wire, moment);
    const auto recalls = [&memory](std::string_view received) {
      const auto exact = std::make_unique<char[]>(received.size());
      received.copy(exact.get(), received.size());
      return memory.recall({exact.get(), received.size()}, moment).form != nullptr;
    };
    const std::string whole = head + body;
    for (std::size_t cut = 0; cut <= whole.size(); ++cut)
      EXPECT_EQ(recalls(std::string_view(whole).substr(0, cut)), cut == whole.size()) << cut;
    for (int byte = 0; byte < 256; ++byte) {
      std::string other = whole;
      other[head.size() + 6 + prompt_bytes / 2] = static_cast<char>(byte);
      EXPECT_EQ(recalls(other), byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\') << byte;
    }
  }
}

}  // namespace
}  // namespace sluice::simulator
