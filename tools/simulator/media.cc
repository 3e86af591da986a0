// Images, speech and transcription; moderations and models.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "simulator/ask.h"
#include "simulator/generate.h"
#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

// A picture of one transparent pixel.
constexpr std::string_view pixel_png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg==";

std::uint64_t count_of(const Ask& ask) {
  std::int64_t count = 1;
  if (ask.root) {
    const auto n = ask.root->find("n");
    count = n ? n->integer().value_or(1) : 1;
  } else if (const http::MultipartPart* n = ask.form->find("n"); n != nullptr) {
    count = n->body.size() == 1 ? n->body[0] - '0' : 10;
  }
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(count, 1, 10));
}

/// Bytes that follow from the text, behind an ID3 tag: binary, with every byte value in them.
std::string audio_of(std::uint64_t seed, std::size_t size_bytes) {
  std::string bytes("ID3\x04\x00\x00\x00\x00\x00\x00", 10);
  Random random(seed);
  while (bytes.size() < size_bytes) {
    const std::uint64_t word = random.next();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  return bytes;
}

std::string audio_type(std::string_view format) {
  if (format == "wav") return "audio/wav";
  if (format == "flac") return "audio/flac";
  if (format == "opus") return "audio/opus";
  if (format == "aac") return "audio/aac";
  if (format == "pcm") return "audio/pcm";
  return "audio/mpeg";
}

constexpr auto categories = std::to_array<std::string_view>(
    {"harassment", "harassment/threatening", "sexual", "hate", "hate/threatening", "illicit",
     "illicit/violent", "self-harm/intent", "self-harm/instructions", "self-harm", "sexual/minors",
     "violence", "violence/graphic"});

template <typename Write>
void write_categories(json::Writer& writer, Write write) {
  writer.begin_object();
  for (const std::string_view name : categories) {
    writer.key(name);
    write();
  }
  writer.end_object();
}

void write_model(json::Writer& writer, std::string_view id) {
  writer.begin_object().key("id").string(id).key("object").string("model");
  writer.key("created").integer(1'735'689'600).key("owned_by").string("simulator").end_object();
}

}  // namespace

Answer answer_images(const Ask& ask, Desk& desk) {
  const auto prompt = ask.root ? ask.root->find("prompt") : std::nullopt;
  const bool asked = ask.root ? prompt.has_value() : ask.form->find("prompt") != nullptr;
  if (!asked) return error_answer(http::status::bad_request, "you must provide a prompt", "prompt");
  if (ask.form && ask.form->find("image") == nullptr && ask.form->find("image[]") == nullptr) {
    return error_answer(http::status::bad_request, "you must provide an image", "image");
  }
  std::string usage = R"({"input_tokens":12,"input_tokens_details":{"image_tokens":0,)"
                      R"("text_tokens":12},"output_tokens":272,"total_tokens":284})";
  Answer answer;
  if (ask.stream) {
    const std::string_view kind = ask.form ? "image_edit" : "image_generation";
    answer.content_type = "text/event-stream; charset=utf-8";
    answer.is_stream = true;
    for (const std::string_view phase : {"partial_image", "completed"}) {
      fmt::format_to(std::back_inserter(answer.body),
                     "event: {0}.{1}\ndata: {{\"type\":\"{0}.{1}\",\"b64_json\":\"{2}\","
                     "\"created_at\":{3},\"partial_image_index\":0,\"usage\":{4}}}\n\n",
                     kind, phase, pixel_png, desk.created(), phase == "completed" ? usage : "null");
      answer.end_event();
    }
    return answer;
  }
  answer.body = fmt::format(R"({{"created":{},"data":[)", desk.created());
  for (std::uint64_t i = 0; i < count_of(ask); ++i)
    answer.body.append(i == 0 ? "" : ",")
        .append(R"({"b64_json":")")
        .append(pixel_png)
        .append("\"}");
  answer.body.append(R"(],"background":"opaque","output_format":"png","quality":"low",)")
      .append(R"("size":"1024x1024","usage":)")
      .append(usage)
      .append("}");
  return answer;
}

Answer answer_speech(const Ask& ask, Desk&) {
  const auto input = ask.root->find("input");
  const auto text = input ? input->string() : std::nullopt;
  if (!text) return error_answer(http::status::bad_request, "you must provide an input", "input");
  const auto format = ask.root->find("response_format");
  Answer answer;
  const std::size_t size_bytes = 4'096 + 64 * std::min<std::size_t>(text->size(), 4'096);
  const std::string bytes = audio_of(seed_of(*text), size_bytes);
  const auto kind = ask.root->find("stream_format");
  if (!kind || !kind->string_equals("sse")) {
    answer.content_type = audio_type(format ? format->string().value_or("") : "");
    answer.body = bytes;
    return answer;
  }
  answer.content_type = "text/event-stream; charset=utf-8";
  answer.is_stream = true;
  for (std::size_t at = 0; at < bytes.size(); at += 1'024) {
    answer.body.append(R"(data: {"type":"speech.audio.delta","audio":")")
        .append(base64_of(std::string_view(bytes).substr(at, 1'024)))
        .append("\"}\n\n");
    answer.end_event();
  }
  answer.body +=
      "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":8,"
      "\"output_tokens\":64,\"total_tokens\":72}}\n\n";
  answer.end_event();
  return answer;
}

Answer answer_transcription(const Ask& ask, Desk& desk) {
  const http::MultipartPart* file = ask.form->find("file");
  if (file == nullptr) {
    return error_answer(http::status::bad_request, "you must provide a file", "file");
  }
  const std::uint64_t seed = seed_of(file->body);
  const Text text = generate_text(seed, std::min<std::uint32_t>(desk.config.tokens, 24), 0, {});
  const http::MultipartPart* format = ask.form->find("response_format");
  const std::string_view wanted = format == nullptr ? "json" : format->body;
  Answer answer;
  if (ask.stream) {
    answer.content_type = "text/event-stream; charset=utf-8";
    answer.is_stream = true;
    for (std::size_t i = 0; i < text.tokens(); ++i) {
      answer.body.append(R"(data: {"type":"transcript.text.delta","delta":)")
          .append(json::quote(text.token(i)))
          .append("}\n\n");
      answer.end_event();
    }
    answer.body.append(R"(data: {"type":"transcript.text.done","text":)")
        .append(json::quote(text.bytes))
        .append("}\n\n");
    answer.end_event();
  } else if (wanted == "text") {
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = text.bytes + "\n";
  } else {
    answer.body = fmt::format(R"({{"text":{},"usage":{{"type":"tokens","input_tokens":14,)"
                              R"("input_token_details":{{"text_tokens":0,"audio_tokens":14}},)"
                              R"("output_tokens":{},"total_tokens":{}}}}})",
                              json::quote(text.bytes), text.tokens(), text.tokens() + 14);
  }
  return answer;
}

Answer answer_moderations(const Ask& ask, Desk& desk) {
  const auto input = ask.root->find("input");
  if (!input) return error_answer(http::status::bad_request, "you must provide an input", "input");
  Answer answer;
  json::Writer writer(answer.body);
  writer.begin_object().key("id").string(make_id("modr-", desk.random, 8));
  writer.key("model").string(ask.model.empty() ? "omni-moderation-latest" : ask.model);
  writer.key("results").begin_array();
  const auto elements = input->elements();
  std::size_t count = input->is(json::Kind::string) ? 1 : 0;
  for ([[maybe_unused]] const json::Value element : elements) ++count;
  for (std::size_t i = 0; i < count; ++i) {
    writer.begin_object().key("flagged").boolean(false).key("categories");
    write_categories(writer, [&] { writer.boolean(false); });
    writer.key("category_scores");
    write_categories(writer, [&] { writer.number(0.00001); });
    writer.key("category_applied_input_types");
    write_categories(writer, [&] { writer.begin_array().string("text").end_array(); });
    writer.end_object();
  }
  writer.end_array().end_object();
  return answer;
}

Answer answer_models(const Ask& ask, Desk&) {
  constexpr auto names = std::to_array<std::string_view>(
      {"sim-model", "sim-echo", "gpt-5-mini", "gpt-5", "gpt-4o-mini", "gpt-4o",
       "text-embedding-3-small", "text-embedding-3-large", "gpt-image-1", "gpt-4o-mini-tts",
       "gpt-4o-transcribe", "whisper-1", "omni-moderation-latest"});
  Answer answer;
  json::Writer writer(answer.body);
  if (ask.endpoint.operation == llm::Operation::models) {
    writer.begin_object().key("object").string("list").key("data").begin_array();
    for (const std::string_view name : names) write_model(writer, name);
    writer.end_array().end_object();
    return answer;
  }
  if (std::ranges::find(names, ask.endpoint.id) == names.end()) {
    return error_answer(http::status::not_found,
                        fmt::format("The model '{}' does not exist", ask.endpoint.id), "model",
                        "model_not_found");
  }
  write_model(writer, ask.endpoint.id);
  return answer;
}

}  // namespace sluice::simulator
