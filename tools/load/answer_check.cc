#include "load/answer_check.h"

#include "load/json_places.h"
#include "simulator/ask.h"
#include "simulator/text.h"

namespace sluice::load {
namespace {

const char* wrong_embedding(json::Value root, std::uint64_t seed, std::uint32_t dimensions) {
  const auto item = first_of(root, "data");
  const auto embedding = item ? item->find("embedding") : std::nullopt;
  const auto text = embedding ? embedding->string_raw() : std::nullopt;
  if (!text) return "the answer lacks an embedding";
  const std::string expected = simulator::base64_of(simulator::embedding_of(seed, dimensions));
  return *text == expected ? nullptr : "the embedding is not that of this request";
}

}  // namespace

bool AnswerCheck::is_text(std::string_view text, std::uint64_t seed, const Said& said) {
  expected_.clear();
  simulator::append_text(expected_, seed, said.tokens, said.ended);
  return text == expected_;
}

const char* AnswerCheck::wrong_chat(std::string_view body, json::Value root, std::uint64_t seed) {
  const auto choice = first_of(root, "choices");
  const auto message = choice ? choice->find("message") : std::nullopt;
  const auto content = message ? message->find("content") : std::nullopt;
  const auto text = content ? content->string_raw() : std::nullopt;
  const auto reason = choice ? choice->find("finish_reason") : std::nullopt;
  const auto usage = root.find("usage");
  const auto count = usage ? usage->find("completion_tokens") : std::nullopt;
  const std::int64_t tokens = count ? count->integer().value_or(0) : 0;
  if (!text || !reason || tokens < 1) return "the answer lacks content or usage";
  const bool ended = reason->string_equals("stop");
  if (config_.tokens != 0 && (tokens > config_.tokens || (!ended && tokens != config_.tokens)))
    return "the answer has a wrong number of tokens";
  const Said said{static_cast<std::uint64_t>(tokens), ended};
  if (!is_text(*text, seed, said)) return "the content is not that of this request";
  if (const auto id = id_in_front_of(root, *text)) {
    like_.learn(body, *id, *text);
    said_ = said;
  }
  return nullptr;
}

const char* AnswerCheck::wrong(std::string_view body, std::uint64_t seed) {
  // One that is like it and has another text is read all the same: it must be told what is wrong.
  const auto text = like_.content_of(body);
  if (text && is_text(*text, seed, said_)) return nullptr;
  if (!index_.build(body)) return "the answer is no JSON";
  const json::Value root = json::root(index_);
  switch (config_.kind) {
    case Kind::chat: return wrong_chat(body, root, seed);
    case Kind::embeddings: return wrong_embedding(root, seed, config_.dimensions);
    case Kind::models: return first_of(root, "data") ? nullptr : "the list of models is empty";
  }
  return nullptr;
}

}  // namespace sluice::load
