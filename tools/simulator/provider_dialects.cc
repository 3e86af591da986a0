// The provider's dialects beside OpenAI's: from a path to the script of its answer.
//
//   route -> caller? -> JSON? -> fault, replay, echo -> the dialect -> misshape_for -> write_script
#include <fmt/format.h>

#include "simulator/credentials.h"
#include "simulator/dialect.h"
#include "simulator/dialect_fault.h"
#include "simulator/echo.h"
#include "simulator/provider.h"
#include "simulator/shape.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

namespace status = http::status;

constexpr std::string_view azure_filters =
    R"({"hate":{"filtered":false,"severity":"safe"},"self_harm":{"filtered":false,)"
    R"("severity":"safe"},"sexual":{"filtered":false,"severity":"safe"},)"
    R"("violence":{"filtered":false,"severity":"safe"}})";

std::string_view asked_by(const http::RequestHead& head, std::string_view header,
                          std::string_view model, std::string_view prefix) {
  if (const auto value = head.headers.value(header)) return *value;
  return model.starts_with(prefix) ? model.substr(prefix.size()) : std::string_view{};
}

std::string_view json_complaint(Host host) {
  switch (host) {
    case Host::anthropic:
    case Host::vertex_anthropic: return "The request body is not valid JSON";
    case Host::gemini:
    case Host::vertex: return "Invalid JSON payload received.";
    case Host::bedrock: return "Malformed input request, please reformat your input and try again.";
    case Host::azure:
    case Host::azure_v1: break;
  }
  return "We could not parse the JSON body of your request.";
}

// Anthropic on Vertex refuses in Anthropic's shape what Google let pass.
Host shape_of(Host host) { return host == Host::vertex_anthropic ? Host::anthropic : host; }

bool asks_embeddings(const Route& route) {
  switch (route.action) {
    case Action::embed:
    case Action::embed_batch:
    case Action::predict: return true;
    case Action::generate:
    case Action::stream:
    case Action::count_tokens: return false;
  }
  __builtin_unreachable();
}

Answer answer_by(const Session& session, json::Value root) {
  switch (session.route.host) {
    case Host::anthropic:
    case Host::vertex_anthropic: return answer_anthropic(root, session);
    case Host::gemini:
    case Host::vertex:
      return asks_embeddings(session.route) ? answer_gemini_embeddings(root, session)
                                            : answer_gemini(root, session);
    case Host::bedrock: return answer_bedrock(root, session);
    case Host::azure:
    case Host::azure_v1: break;  // OpenAI's, see answer_azure
  }
  return {};
}

// Any model is there but one whose name says otherwise.
bool is_unknown(std::string_view model) {
  return model.find("nonexistent") != model.npos || model.find("does-not-exist") != model.npos;
}

Answer unknown_model(const Session& session) {
  const std::string_view id = session.request_id;
  switch (session.route.host) {
    case Host::anthropic:
      return host_error(Host::anthropic, status::not_found, fmt::format("model: {}", session.model),
                        id);
    case Host::gemini:
      return host_error(
          Host::gemini, status::not_found,
          fmt::format("models/{} is not found for API version v1beta, or is not "
                      "supported for {}. Call ModelService.ListModels to see the "
                      "list of available models and their supported methods.",
                      session.model,
                      asks_embeddings(session.route) ? "embedContent" : "generateContent"),
          id);
    case Host::vertex:
    case Host::vertex_anthropic:
      return host_error(Host::vertex, status::not_found,
                        fmt::format("Publisher Model `{}` not found.", session.model), id);
    case Host::bedrock:
      return host_error(Host::bedrock, status::bad_request,
                        "The provided model identifier is invalid.", id);
    case Host::azure:
    case Host::azure_v1: break;
  }
  return host_error(Host::azure, status::not_found,
                    "The API deployment for this resource does not exist.", id,
                    "DeploymentNotFound");
}

/// The body with the deployment's name as its model: Azure looks at the path alone.
std::string with_model(std::string_view body, std::string_view model) {
  const std::size_t brace = body.rfind('}');
  if (brace == body.npos) return std::string(body);
  const std::size_t last = body.find_last_not_of(" \t\r\n", brace - 1);
  const bool empty = brace == 0 || last == body.npos || body[last] == '{';
  return fmt::format(R"({}{}"model":{}{})", body.substr(0, brace), empty ? "" : ",",
                     json::quote(model), body.substr(brace));
}

// Recorded: a first event without choices says what the filter thinks of the prompt.
void add_prompt_filter(Answer& answer) {
  if (answer.status != status::ok) return;
  const std::string results =
      fmt::format(R"("prompt_filter_results":[{{"prompt_index":0,"content_filter_results":{}}}])",
                  azure_filters);
  if (!answer.is_stream) {
    answer.body.insert(1, results + ",");
    return;
  }
  const std::string event = fmt::format(
      "data: {{\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",{}}}\n\n",
      results);
  answer.body.insert(0, event);
  for (std::size_t& end : answer.event_ends) end += event.size();
  answer.event_ends.insert(answer.event_ends.begin(), event.size());
}

}  // namespace

Script Provider::answer_route(const Route& route, const http::RequestHead& head,
                              std::string_view body, Fault fault, Wire wire, WallTime now) {
  const std::string request_id = make_request_id(route.host, random_);
  wire.is_openai = false;
  Answer answer;
  if (head.method != http::Method::post) {
    answer = host_error(shape_of(route.host), status::method_not_allowed, "Method Not Allowed",
                        request_id);
    answer.add_field("allow", "POST");
  } else if (auto refusal = refuse_caller(route, head, config_.key, request_id)) {
    answer = std::move(*refusal);
    fault = {};
  } else {
    Desk desk{config_, random_, now};
    const Session session{
        .desk = desk, .cache = prompts_, .route = route, .head = head, .request_id = request_id};
    answer = answer_session(session, body, fault);
    misshape_for(route.host, answer, fault, request_id);
  }
  add_host_fields(answer, route.host, request_id);
  return finish(std::move(answer), fault, wire, now);
}

Answer Provider::answer_session(Session session, std::string_view body, Fault& fault) {
  const Host host = session.route.host;
  const bool azure = host == Host::azure || host == Host::azure_v1;
  const bool has_json = index_.build(body) && json::root(index_).is(json::Kind::object);
  std::string model = session.route.model;
  if (has_json && model.empty()) model = text_member(json::root(index_), "model");
  session.model = model;
  const std::string_view wanted = asked_by(session.head, "x-sim-fault", model, fault_model_prefix);
  if (!wanted.empty()) {
    const auto parsed = asked_fault(wanted, session.desk.now);
    if (!parsed) {
      return host_error(shape_of(host), status::bad_request, parsed.error(), session.request_id);
    }
    fault = *parsed;
  }
  if (!has_json) {
    return host_error(shape_of(host), status::bad_request, json_complaint(host),
                      session.request_id);
  }
  if (is_unknown(model)) return unknown_model(session);
  if (azure) return answer_azure(session, body);
  const std::string_view recorded =
      asked_by(session.head, "x-sim-replay", model, replay_model_prefix);
  if (!recorded.empty()) {
    const Answer* answer = recordings_ == nullptr ? nullptr : recordings_->find(recorded);
    if (answer != nullptr) return *answer;
    return host_error(shape_of(host), status::not_found,
                      fmt::format("There is no recording '{}'.", recorded), session.request_id);
  }
  if (session.head.headers.contains("x-sim-echo") || model == echo_model)
    return answer_echo(session.head, body);
  return answer_by(session, json::root(index_));
}

Answer Provider::answer_azure(const Session& session, std::string_view body) {
  const bool responds = session.head.path.ends_with("/responses");
  const std::string_view path = responds ? "/v1/responses" : "/v1/chat/completions";
  http::RequestHead head = session.head;
  head.path = path;
  head.target = path;
  const std::string named =
      session.route.model.empty() ? std::string(body) : with_model(body, session.route.model);
  auto ask = read_ask(head, named, index_);
  if (!ask) return std::move(ask.error());
  Answer answer = answer_ask(head, named, *ask, session.desk.now);
  if (session.head.headers.contains("x-sim-replay") || ask->model.starts_with(replay_model_prefix))
    return answer;
  if (!responds) add_prompt_filter(answer);
  return answer;
}

}  // namespace sluice::simulator
