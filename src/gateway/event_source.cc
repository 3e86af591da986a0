#include "event_source.h"

#include <utility>

namespace sluice::gateway {

void EventBatch::append(EventBatch later) {
  bytes.append(std::move(later.bytes));
  events += later.events;
  commits = commits || later.commits;
  ended = ended || later.ended;
  if (later.error) error = std::move(later.error);
  error_shown = error_shown || later.error_shown;
}

}  // namespace sluice::gateway
