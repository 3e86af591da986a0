// The routing trail: how a request came to its answer, within the answer, for who asks for it by
// x-sluice-metadata: routing.
//
//   whole answer, error   {"id":"a", ..., "sluice":{"routing":{...}}}        a member at its end
//   stream of events      its last event carries the member
//   stream that [DONE]    ends    a chunk without choices carries it, just before
//
// What an official client makes of it: a member that it does not know is kept or ignored, and a
// chunk without choices is what every stream with usage ends with. An event of a type of our own
// would be refused by clients that know a closed list of them. Opaque bodies cannot carry it.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/slice.h"
#include "sluice/json/index.h"
#include "sluice/llm/endpoint.h"
#include "sluice/route/plan.h"
#include "sluice/telemetry/access_log.h"

namespace sluice::gateway {

/// What is told; the same as in the access log. Lifetime: the call's.
struct RoutingTrail {
  const route::Plan& plan;  // the last one made
  bool names_model = true;  // false: a deployment stands for its provider alone
  std::span<const telemetry::AttemptRecord> attempts = {};
};

/// The value of the member: {"routing":{...}}.
[[nodiscard]] std::string render_trail(const RoutingTrail& trail);

/// Puts the member at the end of a whole answer. One that is no JSON object, or has such a member,
/// stays as it is.
void put_trail(SliceChain& answer, std::string_view trail, json::Index& index);

/// Of one event stream.
class StreamTrail {
 public:
  /// Lifetime: `index` is scratch, and outlives this.
  StreamTrail(json::Index& index, llm::Operation operation) noexcept
      : index_(index),
        has_chunks_(operation == llm::Operation::chat_completions ||
                    operation == llm::Operation::completions) {}

  /// Looks at what is sent, in whole events, until it knows what the stream's chunks are called.
  void see(const SliceChain& events);
  /// Puts the trail into what is sent last. Whether that is an event more.
  [[nodiscard]] bool put(SliceChain& last, std::string_view trail);

 private:
  [[nodiscard]] std::string chunk(std::string_view trail) const;

  json::Index& index_;
  bool has_chunks_;    // and not typed events: its last one may be no JSON
  std::string names_;  // members of the first chunk, as they stand: `"id":"a","created":1,`
};

}  // namespace sluice::gateway
