#include "simulator/route.h"

#include <algorithm>

namespace sluice::simulator {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// A broken escape stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? hex(text[i + 1]) : -1;
    const int low = escape ? hex(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

/// Takes the last segment off `path`.
std::string_view take_segment(std::string_view& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return {};
  const std::string_view segment = path.substr(slash + 1);
  path = path.substr(0, slash);
  return segment;
}

std::optional<Action> google_action(std::string_view verb) {
  if (verb == "generateContent" || verb == "rawPredict") return Action::generate;
  if (verb == "streamGenerateContent" || verb == "streamRawPredict") return Action::stream;
  if (verb == "countTokens") return Action::count_tokens;
  if (verb == "embedContent") return Action::embed;
  if (verb == "batchEmbedContents") return Action::embed_batch;
  if (verb == "predict") return Action::predict;
  return std::nullopt;
}

// "{version}/models/{model}:{verb}", and publishers between version and models.
std::optional<Route> google_route(std::string_view path) {
  const std::string_view last = take_segment(path);
  const std::size_t colon = last.rfind(':');
  if (colon == last.npos || colon == 0 || take_segment(path) != "models") return std::nullopt;
  const std::string_view verb = last.substr(colon + 1);
  const auto action = google_action(verb);
  if (!action) return std::nullopt;
  Route route{.action = *action, .model = percent_decoded(last.substr(0, colon))};
  const bool raw = verb == "rawPredict" || verb == "streamRawPredict";
  if (path.ends_with("/publishers/anthropic")) {
    route.host = Host::vertex_anthropic;
    if (route.model == "count-tokens") {  // the body names the model that is meant
      route.model.clear();
      route.action = Action::count_tokens;
    }
    return raw ? std::optional(route) : std::nullopt;
  }
  if (raw) return std::nullopt;
  route.host = path.ends_with("/publishers/google") ? Host::vertex : Host::gemini;
  const bool versioned = path.ends_with("/v1beta") || path.ends_with("/v1") ||
                         path.ends_with("/v1alpha") || path.ends_with("/v1beta1");
  if (route.host == Host::gemini && !versioned) return std::nullopt;
  const Action elsewhere = route.host == Host::gemini ? Action::predict : Action::embed_batch;
  if (route.action == elsewhere) return std::nullopt;
  return route;
}

std::optional<Action> bedrock_action(std::string_view verb) {
  if (verb == "converse") return Action::generate;
  if (verb == "converse-stream") return Action::stream;
  if (verb == "count-tokens") return Action::count_tokens;
  return std::nullopt;
}

std::optional<Route> bedrock_route(std::string_view path) {
  const std::string_view verb = take_segment(path);
  const auto action = bedrock_action(verb);
  if (!action) return std::nullopt;
  const std::string_view model = take_segment(path);
  if (model.empty() || !path.ends_with("/model")) return std::nullopt;
  return Route{.host = Host::bedrock, .action = *action, .model = percent_decoded(model)};
}

std::optional<Route> azure_route(std::string_view path) {
  if (path.ends_with("/openai/v1/chat/completions")) return Route{.host = Host::azure_v1};
  if (path.ends_with("/openai/responses")) return Route{.host = Host::azure};
  if (take_segment(path) != "completions" || take_segment(path) != "chat") return std::nullopt;
  const std::string_view model = take_segment(path);
  if (model.empty() || !path.ends_with("/openai/deployments")) return std::nullopt;
  return Route{.host = Host::azure, .model = percent_decoded(model)};
}

}  // namespace

std::optional<Route> find_route(std::string_view path) {
  if (path == "/v1/chat/completions") return std::nullopt;  // the path of most requests
  if (path.ends_with("/v1/messages")) return Route{.host = Host::anthropic};
  if (path.ends_with("/v1/messages/count_tokens"))
    return Route{.host = Host::anthropic, .action = Action::count_tokens};
  if (auto route = google_route(path)) return route;
  if (auto route = bedrock_route(path)) return route;
  return azure_route(path);
}

std::optional<std::string_view> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.substr(0, pair.find('=')) != name) continue;
    const std::size_t equals = pair.find('=');
    return equals == pair.npos ? std::string_view{} : pair.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace sluice::simulator
