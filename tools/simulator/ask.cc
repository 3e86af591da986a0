#include "simulator/ask.h"

#include <fmt/format.h>

#include "sluice/http/media_type.h"
#include "sluice/http/text.h"

namespace sluice::simulator {
namespace {

namespace status = http::status;

std::unexpected<Answer> refuse(http::StatusCode code, std::string_view message,
                               std::string_view param = {}, std::string_view name = {}) {
  return std::unexpected(error_answer(code, message, param, name));
}

std::expected<void, Answer> read_json(Ask& ask, std::string_view body, json::Index& index) {
  if (const auto built = index.build(body); !built) {
    return refuse(status::bad_request,
                  fmt::format("We could not parse the JSON body of your request: at byte {}: {}.",
                              built.error().offset, built.error().reason));
  }
  const json::Value root = json::root(index);
  if (!root.is(json::Kind::object)) {
    return refuse(status::bad_request, "The body must be a JSON object.");
  }
  ask.root = root;
  bool has_model = false;
  for (const json::Member member : root.members()) {
    if (member.key.string_equals("model")) {
      const std::optional<std::string> model = member.value.string();
      if (!model) return refuse(status::bad_request, "model must be a string.", "model");
      ask.model = *model;
      has_model = true;
    } else if (member.key.string_equals("stream") && !member.value.is_null()) {
      const std::optional<bool> stream = member.value.boolean();
      if (!stream) return refuse(status::bad_request, "stream must be a boolean.", "stream");
      ask.stream = *stream;
    }
  }
  const bool optional = ask.endpoint.operation == llm::Operation::moderations ||
                        ask.endpoint.operation == llm::Operation::images_generations;
  if (!has_model && ask.endpoint.needs_model && !optional) {
    return refuse(status::bad_request, "you must provide a model parameter", "model");
  }
  return {};
}

std::expected<void, Answer> read_form(Ask& ask, std::string_view content_type,
                                      std::string_view body) {
  const auto type = http::MediaType::parse(content_type);
  const auto boundary = type ? type->boundary() : std::nullopt;
  if (!boundary) return refuse(status::bad_request, "The form has no boundary.");
  auto form = http::MultipartForm::parse(body, *boundary);
  if (!form) return refuse(form.error().answer, form.error().reason);
  ask.form = std::move(*form);
  const http::MultipartPart* model = ask.form->find("model");
  if (model == nullptr && ask.endpoint.operation != llm::Operation::images_edits) {
    return refuse(status::bad_request, "you must provide a model parameter", "model");
  }
  if (model != nullptr) ask.model = model->body;
  const http::MultipartPart* stream = ask.form->find("stream");
  ask.stream = stream != nullptr && stream->body == "true";
  return {};
}

}  // namespace

std::expected<Ask, Answer> read_ask(const http::RequestHead& head, std::string_view body,
                                    json::Index& index) {
  // The target may be absolute-form; path and query lie side by side in either.
  const std::string_view target(
      head.path.data(),
      static_cast<std::size_t>(head.target.data() + head.target.size() - head.path.data()));
  auto endpoint = llm::find_endpoint(head.method_text, target);
  if (!endpoint) {
    if (!endpoint.error().method_wrong()) {
      return refuse(status::not_found,
                    fmt::format("Invalid URL ({} {})", head.method_text, head.path));
    }
    Answer answer = error_answer(status::method_not_allowed,
                                 fmt::format("Not allowed to {} on {} (HINT: Perhaps you meant to "
                                             "use another HTTP method?)",
                                             head.method_text, head.path));
    answer.add_field("allow", endpoint.error().allow);
    return std::unexpected(std::move(answer));
  }
  Ask ask;
  ask.endpoint = std::move(*endpoint);
  const std::string_view content_type = head.headers.value("content-type").value_or("");
  if (ask.endpoint.body == llm::BodyForm::none) {
    ask.stream = ask.endpoint.streaming == llm::Streaming::by_query &&
                 ask.endpoint.query.find("stream=true") != std::string_view::npos;
    return ask;
  }
  if (!llm::media_type_fits(ask.endpoint.body, content_type)) {
    return refuse(status::unsupported_media_type,
                  fmt::format("Unsupported media type '{}'.", content_type));
  }
  const auto read = ask.endpoint.body == llm::BodyForm::json ? read_json(ask, body, index)
                                                             : read_form(ask, content_type, body);
  if (!read) return std::unexpected(read.error());
  return ask;
}

std::expected<Limits, Answer> read_limits(json::Value root) {
  Limits limits;
  for (const json::Member member : root.members()) {
    const json::Value value = member.value;
    const bool is_limit = member.key.string_equals("max_tokens") ||
                          member.key.string_equals("max_completion_tokens") ||
                          member.key.string_equals("max_output_tokens");
    if (value.is_null()) continue;
    if (is_limit) {
      const auto number = value.integer();
      if (!number || *number < 1) {
        return refuse(status::bad_request, "The token limit must be a whole number above 0.",
                      "max_tokens", "integer_below_min_value");
      }
      limits.tokens_max = static_cast<std::uint64_t>(*number);
    } else if (member.key.string_equals("n")) {
      const auto number = value.integer();
      if (!number || *number < 1 || *number > 128) {
        return refuse(status::bad_request, "n must be a whole number from 1 to 128.", "n");
      }
      limits.choices = static_cast<std::uint64_t>(*number);
    } else if (member.key.string_equals("stop")) {
      if (const auto one = value.string()) limits.stops.push_back(*one);
      for (const json::Value element : value.elements()) {
        if (const auto one = element.string()) limits.stops.push_back(*one);
      }
      if (limits.stops.size() > 4) {
        return refuse(status::bad_request, "stop may have at most 4 sequences.", "stop");
      }
    }
  }
  return limits;
}

void append_prompt(std::string& out, json::Value content) {
  if (content.append_string(out)) return;
  for (const json::Value part : content.elements()) {
    if (part.append_string(out)) continue;
    if (part.is(json::Kind::number)) out.append(part.raw()).append(" ");  // a token id
    if (part.is(json::Kind::array)) append_prompt(out, part);
    if (const auto text = part.find("text")) text->append_string(out);
    if (const auto inner = part.find("content")) append_prompt(out, *inner);
  }
}

}  // namespace sluice::simulator
