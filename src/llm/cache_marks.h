// Which of the caller's cache marks are kept where a provider takes few of them: at most four, the
// last ones, since a later one covers what is before it; and none of an hour behind one of five
// minutes.
#pragma once
#include <utility>
#include <vector>

#include "sluice/llm/chat_request.h"

namespace sluice::llm {

class CacheMarks {
 public:
  /// In the order in which the provider reads them: tools, system, messages.
  void add(const void* marked, CacheMark mark);
  /// Chooses. False: some had to go.
  [[nodiscard]] bool choose(CacheMark of_request);

  /// What is left of the mark of a tool or part.
  [[nodiscard]] CacheMark kept(const void* marked) const noexcept;
  /// The same of the request as a whole.
  [[nodiscard]] CacheMark of_request() const noexcept { return of_request_; }

 private:
  std::vector<std::pair<const void*, CacheMark>> marks_;
  CacheMark of_request_ = CacheMark::none;
};

}  // namespace sluice::llm
