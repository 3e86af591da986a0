// Gemini's embeddings: :batchEmbedContents on AI Studio, :predict on Vertex AI, and :embedContent
// on both, which do not name its members alike.
#include <fmt/format.h>

#include <array>

#include "simulator/append.h"
#include "simulator/dialect.h"
#include "simulator/gemini_words.h"
#include "simulator/shape.h"
#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

using Complaint = std::optional<std::string>;

constexpr std::size_t batch_max = 100;      // recorded: "at most 100 requests can be in one batch"
constexpr std::size_t instances_max = 250;  // Vertex AI's reference
constexpr std::uint64_t dimensions_max = 3072;

constexpr auto batch_fields = std::to_array<Field>({{"requests", Want::array, true}});
constexpr auto one_fields = std::to_array<Field>({
    {"model", Want::string},
    {"content", Want::object, true},
    {"taskType", Want::string},
    {"title", Want::string},
    {"outputDimensionality", Want::integer},
});
constexpr auto vertex_one_fields =
    std::to_array<Field>({{"content", Want::object, true}, {"embedContentConfig", Want::object}});
constexpr auto config_fields = std::to_array<Field>({
    {"taskType", Want::string},
    {"title", Want::string},
    {"outputDimensionality", Want::integer},
    {"autoTruncate", Want::boolean},
    {"documentOcr", Want::boolean},
    {"audioTrackExtraction", Want::boolean},
});
constexpr auto content_fields =
    std::to_array<Field>({{"role", Want::string}, {"parts", Want::array, true}});
constexpr auto part_fields = std::to_array<Field>({{"text", Want::string, true}});
constexpr auto predict_fields =
    std::to_array<Field>({{"instances", Want::array, true}, {"parameters", Want::object}});
constexpr auto instance_fields = std::to_array<Field>(
    {{"content", Want::string, true}, {"task_type", Want::string}, {"title", Want::string}});
constexpr auto parameter_fields = std::to_array<Field>(
    {{"outputDimensionality", Want::integer}, {"autoTruncate", Want::boolean}});

/// What is to be embedded, read and judged in one go.
class Texts {
 public:
  struct Text {
    std::string text;
    std::size_t dimensions;
  };

  explicit Texts(const Session& session) : session_(session) {}

  Complaint read(json::Value root) {
    switch (session_.route.action) {
      case Action::embed_batch: return read_batch(root);
      case Action::embed: return read_one(root);
      case Action::predict: return read_instances(root);
      case Action::generate:
      case Action::stream:
      case Action::count_tokens: break;
    }
    __builtin_unreachable();
  }

  [[nodiscard]] const std::vector<Text>& all() const { return texts_; }

 private:
  static Complaint told(std::string_view path, json::Value object, std::span<const Field> fields,
                        Naming naming = Naming::proto) {
    if (!object.is(json::Kind::object)) return fmt::format("Invalid value at '{}'", path);
    return google_told(path, find_defect(object, fields, naming));
  }

  Complaint read_batch(json::Value root) {
    if (auto wrong = told("", root, batch_fields)) return wrong;
    const std::string wanted = fmt::format("models/{}", session_.model);
    for (const json::Value each : proto_elements(*proto_member(root, "requests"))) {
      const std::string path = fmt::format("requests[{}]", texts_.size());
      if (auto wrong = told(path, each, one_fields)) return wrong;
      if (text_member(each, "model") != wanted) {
        return "* BatchEmbedContentsRequest.requests: the model of each must be that of the path\n";
      }
      if (auto wrong = add(proto_member(each, "content"), path, each)) return wrong;
    }
    if (texts_.empty()) return "* BatchEmbedContentsRequest.requests: requests is not specified\n";
    if (texts_.size() <= batch_max) return std::nullopt;
    return fmt::format(
        "* BatchEmbedContentsRequest.requests: at most {} requests can be in one batch\n",
        batch_max);
  }

  Complaint read_one(json::Value root) {
    if (session_.route.host != Host::vertex) {
      if (auto wrong = told("", root, one_fields)) return wrong;
      return add(proto_member(root, "content"), "", root);
    }
    if (auto wrong = told("", root, vertex_one_fields)) return wrong;
    const auto config = proto_member(root, "embedContentConfig");
    if (config) {
      if (auto wrong = told("embed_content_config", *config, config_fields)) return wrong;
    }
    return add(proto_member(root, "content"), "", config.value_or(root));
  }

  // Instances and parameters are free-form to the API and strict to the model behind it.
  Complaint read_instances(json::Value root) {
    if (auto wrong = told("", root, predict_fields)) return wrong;
    const auto parameters = member(root, "parameters");
    if (parameters) {
      if (auto wrong = told("parameters", *parameters, parameter_fields, Naming::exact))
        return wrong;
    }
    for (const json::Value each : member(root, "instances")->elements()) {
      const std::string path = fmt::format("instances[{}]", texts_.size());
      if (auto wrong = told(path, each, instance_fields, Naming::exact)) return wrong;
      if (auto wrong = push(text_member(each, "content"), parameters.value_or(root))) return wrong;
    }
    if (texts_.empty()) return "Empty instances.";
    if (texts_.size() <= instances_max) return std::nullopt;
    return fmt::format("{} instance(s) is allowed per prediction. Actual: {}", instances_max,
                       texts_.size());
  }

  // `sized`: where the number of dimensions stands, if any.
  Complaint add(std::optional<json::Value> content, std::string_view path, json::Value sized) {
    const std::string place = joined_path(path, "content");
    if (auto wrong = told(place, *content, content_fields)) return wrong;
    std::string text;
    for (const json::Value part : proto_elements(*proto_member(*content, "parts"))) {
      if (auto wrong = told(place + ".parts", part, part_fields)) return wrong;
      text += text_member(part, "text");
    }
    return push(std::move(text), sized);
  }

  Complaint push(std::string text, json::Value sized) {
    if (text.empty()) return "The text content is empty.";
    const auto asked = proto_member(sized, "outputDimensionality");
    const std::int64_t dimensions =
        asked ? asked->integer().value_or(0)
              : static_cast<std::int64_t>(session_.desk.config.dimensions);
    if (dimensions < 1 || static_cast<std::uint64_t>(dimensions) > dimensions_max) {
      return fmt::format("output_dimensionality must be between 1 and {}.", dimensions_max);
    }
    texts_.push_back({std::move(text), static_cast<std::size_t>(dimensions)});
    return std::nullopt;
  }

  const Session& session_;
  std::vector<Text> texts_;
};

// Pretty-printed, as Google does.
void append_values(std::string& out, const Texts::Text& text) {
  out += "{\n  \"values\": [\n    ";
  fmt::format_to(std::back_inserter(out), "{}",
                 fmt::join(embedding_of(seed_of(text.text), text.dimensions), ",\n    "));
  out += "\n  ]";
}

void append_usage(std::string& out, std::uint64_t tokens) {
  append(out, R"("usageMetadata": {"promptTokenCount": )", tokens,
         R"(,"promptTokenDetails": [{"modality": "TEXT","tokenCount": )", tokens, "}]}");
}

void append_batch(std::string& out, const std::vector<Texts::Text>& texts) {
  out += "\"embeddings\": [";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i != 0) out += ", ";
    append_values(out, texts[i]);
    out += '}';
  }
  out += ']';
}

void append_predictions(std::string& out, const std::vector<Texts::Text>& texts) {
  std::size_t characters = 0;
  out += "\"predictions\": [";
  for (std::size_t i = 0; i < texts.size(); ++i) {
    out += i == 0 ? "{\"embeddings\": " : ", {\"embeddings\": ";
    append_values(out, texts[i]);
    append(out, R"(,"statistics": {"truncated": false,"token_count": )",
           tokens_of(texts[i].text.size()), "}}}");
    characters += texts[i].text.size();
  }
  append(out, R"(],"metadata": {"billableCharacterCount": )", characters, "}");
}

}  // namespace

Answer answer_gemini_embeddings(json::Value root, const Session& session) {
  Texts texts(session);
  if (const auto complaint = texts.read(root)) {
    return host_error(session.route.host, http::status::bad_request, *complaint,
                      session.request_id);
  }
  std::uint64_t tokens = 0;
  for (const Texts::Text& text : texts.all()) tokens += tokens_of(text.text.size());
  Answer answer;
  answer.content_type = "application/json; charset=UTF-8";
  answer.body = "{\n";
  if (session.route.action == Action::predict) {
    append_predictions(answer.body, texts.all());
  } else if (session.route.action == Action::embed) {
    answer.body += "\"embedding\": ";
    append_values(answer.body, texts.all().front());
    answer.body += '}';
  } else {
    append_batch(answer.body, texts.all());
  }
  // Recorded: the first of Gemini's embedding models says no counts on AI Studio.
  const bool counts = session.model.find("embedding-001") == session.model.npos;
  if (counts && session.route.action != Action::predict) {
    answer.body += ", ";
    append_usage(answer.body, tokens);
  }
  answer.body += "\n}\n";
  return answer;
}

}  // namespace sluice::simulator
