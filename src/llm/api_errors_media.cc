// Errors about what a chat names by a URL.
#include <fmt/format.h>

#include "sluice/llm/api_error.h"

namespace sluice::llm::errors {
namespace {

constexpr std::string_view advice = "or send the data itself, as a data URL (data:...;base64,...).";

}  // namespace

ApiError media_refused(std::string_view which, std::string_view reason) {
  return {
      .kind = ApiErrorKind::bad_request,
      .status = 400,
      .type = "invalid_request_error",
      .code = "invalid_media_url",
      .param = "messages",
      .message = fmt::format("{} cannot be used: {}. Name another one, {}", which, reason, advice)};
}

ApiError media_unavailable(std::string_view which, std::string_view reason, ErrorKind cause) {
  return {
      .kind = ApiErrorKind::upstream_failed,
      .fault = Fault::provider,
      .retryable = true,
      .status = 502,
      .type = "server_error",
      .code = "media_unavailable",
      .param = "messages",
      .message = fmt::format("{} could not be fetched: {}. Try again, {}", which, reason, advice),
      .cause = cause};
}

ApiError media_timeout(std::string_view which, std::chrono::milliseconds waited) {
  return {.kind = ApiErrorKind::upstream_timeout,
          .fault = Fault::provider,
          .retryable = true,
          .status = 504,
          .type = "server_error",
          .code = "media_timeout",
          .param = "messages",
          .message = fmt::format("{} was not there after {} ms. Try again, {}", which,
                                 waited.count(), advice),
          .cause = ErrorKind::deadline_exceeded};
}

}  // namespace sluice::llm::errors
