#include "sluice/server/explain_desk.h"

#include <utility>

#include "sluice/ring/sleep.h"

namespace sluice::server {

Task<ExplainDesk::Page> ExplainDesk::ask(std::string query, std::uint32_t workers, StopToken stop) {
  Page page;
  auto asked = gateway::parse_explain_query(query);
  if (!asked) {
    page.answer = gateway::explain_failure(400, asked.error(), page.format);
    co_return page;
  }
  page.format = asked->format;
  if (asked->worker >= workers) {
    page.answer = gateway::explain_failure(400, "worker must be below " + std::to_string(workers),
                                           page.format);
    co_return page;
  }
  const std::uint32_t worker = asked->worker;
  Question question(loop_);
  const std::uint64_t number = ++last_number_;
  Explain order{.number = number, .query = std::move(*asked)};
  if (waiting_.size() >= questions_max || !post_(worker, std::move(order))) {
    page.answer = gateway::explain_failure(503, "too many questions at once: ask again in a moment",
                                           page.format);
    co_return page;
  }
  waiting_.emplace(number, &question);
  {
    ring::Deadline deadline(loop_, loop_.now() + patience, stop);
    (void)co_await question.answered.wait(deadline.token());
  }
  waiting_.erase(number);
  if (question.answered.is_set()) {
    page.answer = std::move(question.answer);
  } else {
    page.answer = gateway::explain_failure(
        503, "the worker does not answer: it may be ending; ask another one by worker=N",
        page.format);
  }
  co_return page;
}

void ExplainDesk::take(ExplainReport report) {
  const auto found = waiting_.find(report.number);
  if (found == waiting_.end()) return;
  found->second->answer = std::move(report.answer);
  found->second->answered.set();
}

}  // namespace sluice::server
