#include "gemini_logprobs.h"

#include <optional>
#include <string>
#include <vector>

#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// Google leaves out what is 0 or empty.
void write_members(Value candidate, json::Writer& writer) {
  const std::optional<Value> token = candidate.find("token");
  const std::optional<Value> probability = candidate.find("logProbability");
  std::string scratch;
  const std::string_view text = token ? token->unescaped(scratch) : std::string_view{};
  writer.key("token").string(text);
  writer.key("logprob");
  if (probability && probability->is(Kind::number)) {
    writer.raw(probability->raw());
  } else {
    writer.integer(0);
  }
  writer.key("bytes").begin_array();
  for (const char byte : text) writer.unsigned_integer(static_cast<unsigned char>(byte));
  writer.end_array();
}

void write_top(std::optional<Value> candidates, json::Writer& writer) {
  writer.key("top_logprobs").begin_array();
  if (candidates) {
    for (const Value each : candidates->elements()) {
      if (!each.is(Kind::object)) continue;
      writer.begin_object();
      write_members(each, writer);
      writer.end_object();
    }
  }
  writer.end_array();
}

}  // namespace

void tell_gemini_logprobs(Value result, std::uint32_t choice, ChatSink& sink) {
  const std::optional<Value> chosen = result.find("chosenCandidates");
  if (!chosen) return;
  const std::optional<Value> top = result.find("topCandidates");
  std::vector<Value> tops;  // by token
  if (top) {
    for (const Value each : top->elements()) tops.push_back(each);
  }
  std::string elements;
  std::size_t position = 0;
  for (const Value each : chosen->elements()) {
    const std::size_t at = position++;
    if (!each.is(Kind::object)) continue;
    if (!elements.empty()) elements += ',';
    json::Writer writer(elements);
    writer.begin_object();
    write_members(each, writer);
    write_top(at < tops.size() ? tops[at].find("candidates") : std::nullopt, writer);
    writer.end_object();
  }
  if (elements.empty()) return;
  sink.take({.kind = ChatEventKind::logprobs, .choice = choice, .json = elements});
}

}  // namespace sluice::llm
