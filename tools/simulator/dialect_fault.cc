#include "simulator/dialect_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "simulator/dialect.h"
#include "simulator/event_frame.h"
#include "simulator/misshape.h"
#include "sluice/http/text.h"

namespace sluice::simulator {
namespace {

using K = FaultKind;
namespace status = http::status;

constexpr http::StatusCode overloaded_status = 529;

bool is_google(Host host) { return host == Host::gemini || host == Host::vertex; }

void keep_events(Answer& answer, std::size_t count) {
  if (count >= answer.event_ends.size()) return;
  answer.event_ends.resize(count);
  answer.body.resize(count == 0 ? 0 : answer.event_ends.back());
}

std::string_view event_of(const Answer& answer, std::size_t index) {
  const std::size_t begin = index == 0 ? 0 : answer.event_ends[index - 1];
  return std::string_view(answer.body).substr(begin, answer.event_ends[index] - begin);
}

void replace_event(Answer& answer, std::size_t index, std::string_view event) {
  const std::size_t begin = index == 0 ? 0 : answer.event_ends[index - 1];
  const std::size_t old_bytes = answer.event_ends[index] - begin;
  answer.body.replace(begin, old_bytes, event);
  for (std::size_t i = index; i < answer.event_ends.size(); ++i)
    answer.event_ends[i] += event.size() - old_bytes;
}

void insert_event(Answer& answer, std::size_t index, std::string_view event) {
  const std::size_t at = index == 0 ? 0 : answer.event_ends[index - 1];
  answer.body.insert(at, event);
  answer.event_ends.insert(answer.event_ends.begin() + static_cast<std::ptrdiff_t>(index), at);
  for (std::size_t i = index; i < answer.event_ends.size(); ++i)
    answer.event_ends[i] += event.size();
}

/// "throttlingException" of "ThrottlingException", and as streams name what the model did.
std::string exception_in_stream(http::StatusCode code) {
  if (code == 429) return "throttlingException";
  if (code == 503 || code == overloaded_status) return "serviceUnavailableException";
  if (code == 424) return "modelStreamErrorException";
  return code >= 500 ? "internalServerException" : "validationException";
}

// The event in a stream that says the rest will not come.
std::string error_event(Host host, http::StatusCode code, std::string_view message,
                        std::string_view request_id) {
  std::string event;
  const std::string body = host_error(host, code, message, request_id).body;
  if (host == Host::bedrock) {
    append_frame(event, "exception", exception_in_stream(code), body);
  } else if (is_google(host)) {
    std::string line = body;  // one line: an event's data has no others
    std::erase(line, '\n');
    event = "data: " + line + "\r\n\r\n";
  } else {
    event = "event: error\ndata: " + host_error(Host::anthropic, code, message, request_id).body +
            "\n\n";
  }
  return event;
}

// A binary stream's event with a checksum that is wrong; elsewhere one that is no JSON.
std::string garbage_event(Host host) {
  std::string event;
  if (host == Host::bedrock) {
    append_frame(event, "event", "contentBlockDelta",
                 R"({"contentBlockIndex":0,"delta":{"text":"x"}})");
    event.back() = static_cast<char>(event.back() ^ 0x55);
  } else if (is_google(host)) {
    event = "data: {\"candidates\": [{\"content\": \xff\r\n\r\n";
  } else {
    event = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":\n\n";
  }
  return event;
}

std::size_t index_of(const Answer& answer, std::uint64_t events) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(
      events, answer.event_ends.empty() ? 0 : answer.event_ends.size() - 1));
}

void fail_after(Host host, Answer& answer, std::uint64_t events, std::string_view request_id) {
  const bool claude = host == Host::anthropic || host == Host::vertex_anthropic;
  const http::StatusCode code = claude ? overloaded_status : status::internal_server_error;
  const std::string_view message = claude ? "Overloaded" : "An internal error has occurred.";
  if (!answer.is_stream) {
    answer = host_error(host, status::internal_server_error, "An internal error has occurred.",
                        request_id);
    return;
  }
  keep_events(answer, index_of(answer, events));
  answer.body += error_event(host, code, message, request_id);
  answer.end_event();
}

// What grows is a text, so that the event stays one; the first that has any.
void inflate_event(Host host, Answer& answer, std::uint64_t size_bytes) {
  constexpr std::string_view markers[] = {R"("text":")", R"("text": ")", R"("partial_json":")"};
  for (std::size_t i = 0; i < answer.event_ends.size() && answer.is_stream; ++i) {
    const std::string event(event_of(answer, i));
    for (const std::string_view marker : markers) {
      const std::size_t at = event.find(marker);
      if (at == event.npos || event[at + marker.size()] == '"') continue;
      const std::size_t missing = static_cast<std::size_t>(size_bytes) > event.size()
                                      ? static_cast<std::size_t>(size_bytes) - event.size()
                                      : 0;
      const std::string more(missing, 'x');
      if (host == Host::bedrock) {
        std::string payload(payload_of_frame(event));
        payload.insert(payload.find(marker) + marker.size(), more);
        replace_event(answer, i, with_payload(event, payload));
      } else {
        std::string longer = event;
        longer.insert(at + marker.size(), more);
        replace_event(answer, i, longer);
      }
      return;
    }
  }
}

void fail_with_status(Host host, Answer& answer, http::StatusCode code, std::uint64_t seconds,
                      std::string_view message, std::string_view request_id) {
  answer = host_error(host, code, message, request_id);
  if (seconds == 0) return;
  if (is_google(host)) {  // which says in the body how long to wait
    const std::string detail = fmt::format(
        ",\n    \"details\": [\n      {{\n        \"@type\": "
        "\"type.googleapis.com/google.rpc.RetryInfo\",\n        \"retryDelay\": \"{}s\"\n      "
        "}}\n    ]",
        seconds);
    answer.body.insert(answer.body.rfind("\n  }\n}"), detail);
  } else {
    answer.add_field("retry-after", std::to_string(seconds));
  }
}

bool is_of_lines(K kind) {
  return kind == K::crlf || kind == K::cr || kind == K::no_space || kind == K::comments ||
         kind == K::blank_first || kind == K::bom;
}

http::StatusCode overload_of(Host host) {
  return host == Host::anthropic ? overloaded_status : status::service_unavailable;
}

Answer wrong_key(Host host, std::string_view request_id) {
  switch (host) {
    case Host::anthropic:
      return host_error(host, status::unauthorized, "invalid x-api-key", request_id);
    case Host::gemini:
      return host_error(host, status::bad_request,
                        "API key not valid. Please pass a valid API key.", request_id,
                        "API_KEY_INVALID");
    case Host::bedrock:
      return host_error(host, status::forbidden,
                        "The security token included in the request is invalid.", request_id,
                        "UnrecognizedClientException");
    case Host::vertex:
    case Host::vertex_anthropic:
    case Host::azure:
    case Host::azure_v1:
      return host_error(host, status::unauthorized,
                        "Request had invalid authentication credentials.", request_id);
  }
  __builtin_unreachable();
}

// The words of each for a prompt that it does not take.
std::string_view too_long(Host host) {
  if (host == Host::bedrock) return "Input is too long for requested model.";
  if (is_google(host)) {
    return "The input token count (1048577) exceeds the maximum number of tokens allowed "
           "(1048576).";
  }
  return "prompt is too long: 200001 tokens > 200000 maximum";
}

std::string_view no_prefill(Host host) {
  if (host == Host::bedrock) {
    return "This model doesn't support conversation prefill. The conversation must end with a user "
           "message.";
  }
  return "This model does not support assistant message prefill. The conversation must end with a "
         "user message.";
}

// Google says it in an answer without candidates (promptFeedback), not in a refusal.
Answer filtered(Host host, bool stream, std::string_view request_id) {
  if (!is_google(host)) {
    return host_error(host, status::bad_request, "Output blocked by content filtering policy",
                      request_id);
  }
  constexpr std::string_view body =
      R"({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},)"
      R"("usageMetadata": {"promptTokenCount": 8,"totalTokenCount": 8}})";
  if (stream) return stream_answer(fmt::format("data: {}\r\n\r\n", body));
  Answer answer;
  answer.content_type = "application/json; charset=UTF-8";
  answer.body = body;
  return answer;
}

// Whether the fault is a refusal of the prompt, whose words are this host's own.
bool refuse_prompt(Host host, Answer& answer, K kind, std::string_view request_id) {
  // Anthropic's API refuses in its own shape wherever it stands, Azure's in OpenAI's.
  if (host == Host::azure || host == Host::azure_v1) return false;
  const Host shape = host == Host::vertex_anthropic ? Host::anthropic : host;
  if (kind == K::context_length) {
    answer = host_error(shape, status::bad_request, too_long(shape), request_id);
  } else if (kind == K::content_filter) {
    answer = filtered(shape, answer.is_stream, request_id);
  } else if (kind != K::refuse_prefill) {
    return false;
  } else if (answer.goes_on) {  // never of Google's, which refuse it in any case
    answer = host_error(shape, status::bad_request, no_prefill(shape), request_id);
  }
  return true;
}

}  // namespace

void misshape_for(Host host, Answer& answer, const Fault& fault, std::string_view request_id) {
  if (host == Host::bedrock && answer.is_stream && is_of_lines(fault.kind)) return;
  if (refuse_prompt(host, answer, fault.kind, request_id)) return;
  const auto code = static_cast<http::StatusCode>(fault.first);
  // What there is to change depends on the host in these cases alone.
  if (fault.kind == K::status) {
    fail_with_status(host, answer, code, fault.second,
                     fmt::format("The simulator was asked for a {}.", code), request_id);
  } else if (fault.kind == K::overloaded) {
    fail_with_status(
        host, answer, overload_of(host), 0,
        host == Host::anthropic ? "Overloaded" : "The model is overloaded. Please try again later.",
        request_id);
  } else if (fault.kind == K::early_response) {
    answer = host_error(host, code, "The simulator answers before it reads.", request_id);
  } else if (fault.kind == K::refuse_with_401) {
    answer = wrong_key(host, request_id);
  } else if (fault.kind == K::error_event_after) {
    fail_after(host, answer, fault.first, request_id);
  } else if (fault.kind == K::garbage_event) {
    if (answer.is_stream) insert_event(answer, index_of(answer, fault.first), garbage_event(host));
  } else if (fault.kind == K::huge_event) {
    inflate_event(host, answer, fault.first);
  } else if (fault.kind == K::crlf && is_google(host)) {
    return;  // its lines end so already
  } else {
    misshape(answer, fault);
  }
}

}  // namespace sluice::simulator
