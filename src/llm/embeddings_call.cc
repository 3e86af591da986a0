#include "sluice/llm/embeddings_call.h"

#include <fmt/format.h>

#include <utility>

#include "path_segment.h"
#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

// Observed in 2026, in the words of its error: "at most 100 requests can be in one batch".
constexpr std::size_t batch_inputs_max = 100;
constexpr std::size_t predict_inputs_max = 250;  // Vertex AI's reference, 2026

enum class Verb : std::uint8_t { batch_embed_contents, predict, embed_content };

Verb verb_of(const ChatTarget& target) noexcept {
  if (!target.on_vertex) return Verb::batch_embed_contents;
  return target.traits.embeds_in_batches ? Verb::predict : Verb::embed_content;
}

std::size_t inputs_max(Verb verb) noexcept {
  switch (verb) {
    case Verb::batch_embed_contents: return batch_inputs_max;
    case Verb::predict: return predict_inputs_max;
    case Verb::embed_content: return 1;
  }
  __builtin_unreachable();
}

std::string target_of(Verb verb, const ChatTarget& target) {
  std::string out;
  if (target.on_vertex) {
    out += "/publishers/";
    append_path_segment(out, target.traits.publisher);
  }
  out += "/models/";
  append_path_segment(out, target.upstream_model);
  switch (verb) {
    case Verb::batch_embed_contents: return out + ":batchEmbedContents";
    case Verb::predict: return out + ":predict";
    case Verb::embed_content: return out + ":embedContent";
  }
  __builtin_unreachable();
}

class BodyWriter {
 public:
  BodyWriter(const EmbeddingsRequest& request, std::string& out)
      : request_(request), writer_(out) {}

  void write(Verb verb, std::string_view model) {
    writer_.begin_object();
    switch (verb) {
      case Verb::batch_embed_contents: write_batch("models/" + std::string(model)); break;
      case Verb::predict: write_instances(); break;
      case Verb::embed_content: write_one(); break;
    }
    writer_.end_object();
  }

 private:
  void write_batch(const std::string& name) {
    writer_.key("requests").begin_array();
    for (const json::Text text : request_.inputs) {
      writer_.begin_object();
      writer_.key("model").string(name);
      writer_.key("content").begin_object();
      write_parts(text);
      writer_.end_object();
      write_dimensions();
      writer_.end_object();
    }
    writer_.end_array();
  }

  void write_instances() {
    writer_.key("instances").begin_array();
    for (const json::Text text : request_.inputs) {
      writer_.begin_object().key("content").text(text).end_object();
    }
    writer_.end_array();
    if (!request_.dimensions) return;
    writer_.key("parameters").begin_object();
    write_dimensions();
    writer_.end_object();
  }

  void write_one() {
    writer_.key("content").begin_object();
    writer_.key("role").string("user");
    write_parts(request_.inputs.front());
    writer_.end_object();
    if (!request_.dimensions) return;
    writer_.key("embedContentConfig").begin_object();
    write_dimensions();
    writer_.end_object();
  }

  void write_parts(json::Text text) {
    writer_.key("parts").begin_array().begin_object();
    writer_.key("text").text(text);
    writer_.end_object().end_array();
  }

  void write_dimensions() {
    if (request_.dimensions) {
      writer_.key("outputDimensionality").unsigned_integer(*request_.dimensions);
    }
  }

  const EmbeddingsRequest& request_;
  json::Writer writer_;
};

ApiError too_many(std::size_t max) {
  return errors::field_invalid(
      "input", max == 1 ? "This model's provider takes one text in a request: send each text in a "
                          "request of its own."
                        : fmt::format("This model's provider takes at most {} texts in a request: "
                                      "send them in several.",
                                      max));
}

}  // namespace

WrittenCall write_embeddings_call(const EmbeddingsRequest& request, const ChatTarget& target) {
  const Verb verb = verb_of(target);
  if (request.inputs.size() > inputs_max(verb)) {
    return std::unexpected(too_many(inputs_max(verb)));
  }
  ChatCall call;
  call.target = target_of(verb, target);
  call.dropped = request.dropped;
  BodyWriter(request, call.body).write(verb, target.upstream_model);
  return call;
}

}  // namespace sluice::llm
