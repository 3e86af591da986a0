// What a replayed exchange must look like on both sides of the gateway, told from the recording
// alone: none of the code under test is asked.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "recorded_traffic.h"

namespace sluice::gateway::testing {

/// The request's model; empty when its body names none.
[[nodiscard]] std::string model_of(const RecordedExchange& exchange);
[[nodiscard]] std::string upstream_model_of(std::string_view model);

/// The JSON body a provider must receive, byte for byte as the client sent it but for these: the
/// model by its upstream name, what only the gateway understands taken out with its comma, a
/// stream's usage asked for.
[[nodiscard]] std::string upstream_body(const RecordedExchange& exchange);
/// The same of a form.
[[nodiscard]] std::string upstream_form(const RecordedExchange& exchange);

/// Whether the client itself asked for the usage of its stream.
[[nodiscard]] bool asks_for_usage(const RecordedExchange& exchange);

/// What a client sees of a recorded stream.
struct ExpectedStream {
  std::string bytes;         // what is relayed, without the members added to the first event
  bool complete = false;     // else an error event follows
  bool error_shown = false;  // but for this: the last event of `bytes` is the provider's own one
};
[[nodiscard]] ExpectedStream expected_stream(const RecordedExchange& exchange);

/// `body` with the members the gateway adds taken out of it again, wherever they stand first.
[[nodiscard]] std::string without_tags(std::string body, std::string_view request_id,
                                       std::string_view provider);

/// Whether this is an error as the dialect has it: {"error":{"message","type","param","code"}} and
/// the request id.
[[nodiscard]] bool is_rendered_error(std::string_view body, std::string_view request_id);

/// Whether an error answer with this status and body is the client's business as it stands.
[[nodiscard]] bool error_passes(const RecordedExchange& exchange);

}  // namespace sluice::gateway::testing
