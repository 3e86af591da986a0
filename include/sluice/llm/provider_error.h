// Reads errors of providers, whatever their dialect, into our one record.
//
//   OpenAI, Azure, hosts   {"error":{"message","type","param","code"}}   {"error":"text","code"}
//                          {"message","type","code"}   {"detail":..}
//   Anthropic              {"type":"error","error":{"type","message"}}
//   Google                 {"error":{"code","message","status","details":[..]}}, also in an array
//   AWS                    {"message"} or {"Message"}, and x-amzn-errortype
//   edges in between       HTML, text, nothing
//
// One reader for all: hosts, proxies and clouds answer in each other's shapes. The kind is told
// from words first, since providers put the same fault under different statuses (a bad key is 400
// at Google and xAI), then from the status.
#pragma once
#include <chrono>
#include <optional>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/json/value.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/provider_answer.h"

namespace sluice::llm {

/// Reads an answer whose status is not 2xx. `index` is scratch.
[[nodiscard]] ApiError read_provider_error(const ProviderAnswer& answer, json::Index& index);

/// Reads an error met in a 200: `error` is the value of the `error` member, an object or a string;
/// or all that is said (AWS: {"message"}), and then `name` is the exception's name from beside it.
[[nodiscard]] ApiError read_provider_error_value(std::string_view provider, json::Value error,
                                                 std::string_view name = {});

/// The wait named by Retry-After (seconds or an HTTP date, RFC 9110 10.2.3) or retry-after-ms,
/// which wins; nothing when neither can be read. At most an hour; a date gone by is 0.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_retry_after(
    std::string_view retry_after, std::string_view retry_after_ms, WallTime now);

/// The same of a span as Google spells it: "34.07s".
[[nodiscard]] std::optional<std::chrono::milliseconds> read_retry_delay(std::string_view delay);

}  // namespace sluice::llm
