#include "sluice/server/explain_desk.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/coro/scope.h"
#include "sluice/ring/sim/sim_world.h"

namespace sluice::server {
namespace {

using std::chrono::milliseconds;

struct Asked {
  std::uint32_t worker;
  Explain order;
};

class Desk : public testing::Test {
 protected:
  static Task<void> ask(Desk& test, std::string query, std::vector<ExplainDesk::Page>& pages) {
    ExplainDesk::Page page = co_await test.desk.ask(std::move(query), 2, test.stop.token());
    pages.push_back(std::move(page));
  }
  static Task<void> ask_all(Desk& test, const std::vector<std::string>& queries,
                            std::vector<ExplainDesk::Page>& pages) {
    Scope scope;
    for (const std::string& query : queries) scope.spawn(ask(test, query, pages));
    co_await scope.join();
  }
  std::vector<ExplainDesk::Page> ask(const std::vector<std::string>& queries) {
    std::vector<ExplainDesk::Page> pages;
    EXPECT_EQ(world.run(ask_all(*this, queries, pages), std::chrono::hours(1)), "");
    return pages;
  }

  ring::sim::SimWorld world{1, ring::sim::SimConfig::calm()};
  std::vector<Asked> asked;
  bool answers = true;
  bool takes_orders = true;
  StopSource stop;
  ExplainDesk desk{world.loop(), [this](std::uint32_t worker, Explain order) {
                     if (!takes_orders) return false;
                     const std::uint64_t number = order.number;
                     asked.push_back({worker, std::move(order)});
                     if (answers) answer_later(number);
                     return true;
                   }};

 private:
  struct Later final : ring::Timer {
    Later(Desk& fixture, std::uint64_t which) : test(fixture), number(which) {}
    void expired() noexcept override {
      test.desk.take({.number = number, .answer = {.status = 200, .body = std::to_string(number)}});
    }
    Desk& test;
    std::uint64_t number;
  };
  void answer_later(std::uint64_t number) {
    laters_.push_back(std::make_unique<Later>(*this, number));
    world.loop().timers().arm(*laters_.back(),
                              world.loop().now() + milliseconds(10 * (5 - number % 5)));
  }
  std::vector<std::unique_ptr<Later>> laters_;
};

TEST_F(Desk, EachQuestionGetsItsOwnAnswerFromTheWorkerItNames) {
  const auto pages = ask({"model=a&worker=1", "model=b", "model=c&format=text"});
  ASSERT_EQ(pages.size(), 3U);
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0].worker, 1U);
  EXPECT_EQ(asked[1].worker, 0U);
  EXPECT_EQ(asked[1].order.query.model, "b");
  std::vector<std::string> bodies;
  for (const ExplainDesk::Page& page : pages) {
    EXPECT_EQ(page.answer.status, 200);
    bodies.push_back(page.answer.body);
  }
  // The last is answered first, as text.
  EXPECT_EQ(bodies, (std::vector<std::string>{"3", "2", "1"}));
  EXPECT_EQ(pages[0].format, gateway::ExplainFormat::text);
}

TEST_F(Desk, WhatIsNotUnderstoodReachesNoWorker) {
  for (const char* query : {"", "model=a&worker=2", "model=a&nothing=1"}) {
    EXPECT_EQ(ask({query})[0].answer.status, 400) << query;
  }
  EXPECT_TRUE(asked.empty());
}

TEST_F(Desk, AWorkerThatDoesNotAnswerIsA503InTime) {
  answers = false;
  const MonotonicTime began = world.loop().now();
  const auto pages = ask({"model=a"});
  EXPECT_EQ(pages[0].answer.status, 503);
  EXPECT_NE(pages[0].answer.body.find("worker=N"), std::string::npos) << pages[0].answer.body;
  EXPECT_LE(world.loop().now() - began, ExplainDesk::patience + milliseconds(100));
  // What comes too late is for nobody.
  desk.take({.number = asked[0].order.number, .answer = {.status = 200, .body = "late"}});
  takes_orders = false;
  EXPECT_EQ(ask({"model=a"})[0].answer.status, 503);
}

TEST_F(Desk, NoMoreQuestionsWaitThanAreAllowed) {
  answers = false;
  const std::vector<std::string> queries(ExplainDesk::questions_max + 3, "model=a");
  const auto pages = ask(queries);
  EXPECT_EQ(asked.size(), ExplainDesk::questions_max);
  for (const ExplainDesk::Page& page : pages) EXPECT_EQ(page.answer.status, 503);
}

}  // namespace
}  // namespace sluice::server
