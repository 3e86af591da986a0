#include "sluice/llm/vertex_target.h"

#include "path_segment.h"

namespace sluice::llm {
namespace {

constexpr std::string_view google = "google";
constexpr std::string_view anthropic = "anthropic";
constexpr std::string_view mistral = "mistralai";
constexpr std::string_view endpoints = "endpoints/";  // where operators' own models are served
constexpr std::string_view served_open = "-maas";  // "model as a service", of Google's own hosting

bool has_own_api(std::string_view publisher) noexcept {
  return publisher == google || publisher == anthropic || publisher == mistral;
}

std::string_view publisher_of(std::string_view model) noexcept {
  if (model.starts_with("claude")) return anthropic;
  if (model.starts_with("mistral") || model.starts_with("codestral")) return mistral;
  return google;
}

// "projects/P/locations/L/endpoints/ID", or the last two of them; empty: another name.
std::string_view endpoint_of(std::string_view name) noexcept {
  if (name.starts_with("projects/")) {
    const std::size_t at = name.rfind("/endpoints/");
    return at == name.npos ? std::string_view() : name.substr(at + 1);
  }
  return name.starts_with(endpoints) ? name : std::string_view();
}

}  // namespace

VertexModel vertex_model(std::string_view name, std::string_view publisher) {
  constexpr std::string_view before = "publishers/";
  constexpr std::string_view between = "/models/";
  constexpr std::string_view googles = "models/";  // as AI Studio spells its own
  if (const std::string_view endpoint = endpoint_of(name); !endpoint.empty()) {
    return {.publisher = std::string(publisher.empty() ? google : publisher),
            .model = std::string(endpoint)};
  }
  std::string_view model = name;
  const std::size_t middle = name.find(between);
  if (name.starts_with(before) && middle != name.npos) {
    publisher = name.substr(before.size(), middle - before.size());
    model = name.substr(middle + between.size());
  } else if (name.starts_with(googles)) {
    publisher = google;
    model = name.substr(googles.size());
  } else if (const std::size_t slash = name.find('/'); slash != name.npos && slash > 0) {
    publisher = name.substr(0, slash);
    model = name.substr(slash + 1);
  }
  if (publisher.empty()) publisher = publisher_of(model);
  VertexModel out{.publisher = std::string(publisher), .model = std::string(model)};
  if (!has_own_api(publisher) || model.ends_with(served_open)) {
    out.model.insert(0, out.publisher + "/");
  }
  return out;
}

VertexApi vertex_api(std::string_view publisher, std::string_view model) noexcept {
  const bool is_endpoint = model.starts_with(endpoints);
  if ((model.find('/') != model.npos && !is_endpoint) || !has_own_api(publisher))
    return VertexApi::openapi_chat;
  if (publisher == google) return VertexApi::generate_content;
  return publisher == anthropic ? VertexApi::raw_messages : VertexApi::raw_chat;
}

std::string vertex_target(std::string_view publisher, std::string_view model, bool stream) {
  const VertexApi api = vertex_api(publisher, model);
  const bool is_endpoint = model.starts_with(endpoints);
  if (api == VertexApi::openapi_chat && !is_endpoint) return "/endpoints/openapi/chat/completions";
  std::string out = is_endpoint ? "/endpoints/" : "/publishers/";
  if (is_endpoint) {
    append_path_segment(out, model.substr(endpoints.size()));
  } else {
    append_path_segment(out, publisher);
    out += "/models/";
    append_path_segment(out, model);
  }
  if (api == VertexApi::openapi_chat) return out + "/chat/completions";
  if (api == VertexApi::generate_content) {
    out += stream ? ":streamGenerateContent?alt=sse" : ":generateContent";
  } else {
    out += stream ? ":streamRawPredict" : ":rawPredict";
  }
  return out;
}

}  // namespace sluice::llm
