// Refusals in the shape of the host that is asked.
#include <fmt/format.h>

#include "simulator/dialect.h"
#include "simulator/generate.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

std::string_view anthropic_type(http::StatusCode status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 409: return "conflict_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 504: return "timeout_error";
    case 529: return "overloaded_error";
    default: return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

std::string_view google_status(http::StatusCode status) {
  switch (status) {
    case 401: return "UNAUTHENTICATED";
    case 403: return "PERMISSION_DENIED";
    case 404: return "NOT_FOUND";
    case 409: return "ABORTED";
    case 429: return "RESOURCE_EXHAUSTED";
    case 499: return "CANCELLED";
    case 503:
    case 529: return "UNAVAILABLE";
    case 504: return "DEADLINE_EXCEEDED";
    default: return status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
  }
}

std::string_view aws_exception(http::StatusCode status) {
  switch (status) {
    case 401:
    case 403: return "AccessDeniedException";
    case 404: return "ResourceNotFoundException";
    case 408: return "ModelTimeoutException";
    case 424: return "ModelErrorException";
    case 429: return "ThrottlingException";
    case 503:
    case 529: return "ServiceUnavailableException";
    default: return status >= 500 ? "InternalServerException" : "ValidationException";
  }
}

std::string anthropic_body(http::StatusCode status, std::string_view message,
                           std::string_view request_id) {
  return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":{}}},"request_id":"{}"}})",
                     anthropic_type(status), json::quote(message), request_id);
}

// Pretty-printed, as Google does.
std::string google_body(http::StatusCode status, std::string_view message,
                        std::string_view reason) {
  std::string details;
  if (!reason.empty()) {
    details = fmt::format(
        ",\n    \"details\": [\n      {{\n"
        "        \"@type\": \"type.googleapis.com/google.rpc.ErrorInfo\",\n"
        "        \"reason\": {},\n        \"domain\": \"googleapis.com\"\n      }}\n    ]",
        json::quote(reason));
  }
  return fmt::format(
      "{{\n  \"error\": {{\n    \"code\": {},\n    \"message\": {},\n    \"status\": \"{}\"{}\n  "
      "}}\n}}\n",
      status, json::quote(message), google_status(status), details);
}

}  // namespace

std::string make_request_id(Host host, Random& random) {
  if (host == Host::anthropic) return make_id("req_01", random, 22);
  return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", random.below(1ULL << 32U),
                     random.below(1U << 16U), random.below(1U << 12U), random.below(1U << 12U),
                     random.below(1ULL << 48U));
}

Answer host_error(Host host, http::StatusCode status, std::string_view message,
                  std::string_view request_id, std::string_view name) {
  Answer answer;
  answer.status = status;
  switch (host) {
    case Host::anthropic:
      answer.body = anthropic_body(status, message, request_id);
      answer.add_field("x-should-retry", status == 429 || status >= 500 ? "true" : "false");
      break;
    case Host::gemini:
    case Host::vertex:
    case Host::vertex_anthropic:
      answer.body = google_body(status, message, name);
      answer.content_type = "application/json; charset=UTF-8";
      break;
    case Host::bedrock:
      answer.body = fmt::format(R"({{"message":{}}})", json::quote(message));
      answer.add_field("x-amzn-errortype",
                       fmt::format("{}:http://internal.amazon.com/coral/com.amazon.bedrock/",
                                   name.empty() ? aws_exception(status) : name));
      break;
    case Host::azure:
    case Host::azure_v1:
      answer.body = fmt::format(R"({{"error":{{"code":"{}","message":{}}}}})",
                                name.empty() ? std::to_string(status) : std::string(name),
                                json::quote(message));
      break;
  }
  return answer;
}

void add_host_fields(Answer& answer, Host host, std::string_view request_id) {
  switch (host) {
    case Host::anthropic:
      answer.add_field("request-id", request_id);
      answer.add_field("anthropic-ratelimit-requests-limit", "10000");
      answer.add_field("anthropic-ratelimit-requests-remaining", "9999");
      break;
    case Host::gemini:
      answer.add_field("server-timing", "gfet4t7; dur=1");
      answer.add_field("x-gemini-service-tier", "standard");
      break;
    case Host::vertex:
    case Host::vertex_anthropic: answer.add_field("x-vertex-ai-llm-request-type", "shared"); break;
    case Host::bedrock: answer.add_field("x-amzn-requestid", request_id); break;
    case Host::azure:
    case Host::azure_v1:
      answer.add_field("apim-request-id", request_id);
      answer.add_field("x-ms-region", "Simulated");
      break;
  }
}

}  // namespace sluice::simulator
