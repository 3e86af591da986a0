#include "load/scenario.h"

#include <fmt/format.h>

#include "simulator/ask.h"
#include "sluice/base/assert.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"

namespace sluice::load {
namespace {

constexpr std::size_t nonce_bytes = 16;  // hex digits

std::optional<json::Value> first_of(json::Value object, std::string_view array) {
  const auto list = object.find(array);
  if (!list) return std::nullopt;
  for (const json::Value element : list->elements()) return element;
  return std::nullopt;
}

const char* wrong_chat(json::Value root, std::uint64_t seed, std::uint32_t tokens_max) {
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
  if (tokens_max != 0 && (tokens > tokens_max || (!ended && tokens != tokens_max)))
    return "the answer has a wrong number of tokens";
  const std::string expected = simulator::text_of(seed, static_cast<std::uint64_t>(tokens), ended);
  return *text == expected ? nullptr : "the content is not that of this request";
}

const char* wrong_embedding(json::Value root, std::uint64_t seed, std::uint32_t dimensions) {
  const auto item = first_of(root, "data");
  const auto embedding = item ? item->find("embedding") : std::nullopt;
  const auto text = embedding ? embedding->string_raw() : std::nullopt;
  if (!text) return "the answer lacks an embedding";
  const std::string expected = simulator::base64_of(simulator::embedding_of(seed, dimensions));
  return *text == expected ? nullptr : "the embedding is not that of this request";
}

}  // namespace

Scenario::Scenario(const ScenarioConfig& config) : config_(config) {
  const std::string model = json::quote(config.model);
  if (config.kind == Kind::chat) {
    front_ = fmt::format(R"({{"model":{})", model);
    if (config.stream) front_ += R"(,"stream":true)";
    if (config.stream && config.include_usage)
      front_ += R"(,"stream_options":{"include_usage":true})";
    if (config.tokens != 0) front_ += fmt::format(R"(,"max_tokens":{})", config.tokens);
    front_ += R"(,"messages":[{"role":"user","content":")";
    back_ = R"("}]})";
  } else if (config.kind == Kind::embeddings) {
    front_ = fmt::format(R"({{"model":{},"encoding_format":"base64","dimensions":{},"input":")",
                         model, config.dimensions);
    back_ = R"("})";
  }
  constexpr std::string_view filler = " the quick brown fox jumps over the lazy dog";
  while (padding_.size() + nonce_bytes < config.prompt_bytes) padding_ += filler;
  if (config.prompt_bytes > nonce_bytes) padding_.resize(config.prompt_bytes - nonce_bytes);
}

std::string_view Scenario::method() const noexcept {
  return config_.kind == Kind::models ? "GET" : "POST";
}

std::string_view Scenario::target() const noexcept {
  switch (config_.kind) {
    case Kind::chat: return "/v1/chat/completions";
    case Kind::embeddings: return "/v1/embeddings";
    case Kind::models: return "/v1/models";
  }
  return "/";
}

Prepared Scenario::prepare(std::uint64_t nonce) const {
  Prepared prepared;
  if (config_.kind == Kind::models) return prepared;
  std::string& body = prepared.body;
  body.reserve(front_.size() + nonce_bytes + padding_.size() + back_.size());
  body = front_;
  fmt::format_to(std::back_inserter(body), "{:016x}", nonce);
  body += padding_;
  prepared.seed = simulator::seed_of(std::string_view(body).substr(front_.size()));
  body += back_;
  return prepared;
}

const char* Scenario::wrong_answer(std::string_view body, std::uint64_t seed,
                                   json::Index& index) const {
  if (!index.build(body)) return "the answer is no JSON";
  const json::Value root = json::root(index);
  switch (config_.kind) {
    case Kind::chat: return wrong_chat(root, seed, config_.tokens);
    case Kind::embeddings: return wrong_embedding(root, seed, config_.dimensions);
    case Kind::models: return first_of(root, "data") ? nullptr : "the list of models is empty";
  }
  return nullptr;
}

const char* StreamCheck::content(std::string_view text) {
  if (full_stop_) return "the text goes on behind its end";
  if (tokens_ != 0) {
    if (!text.starts_with(' ')) return "an event of the stream is lost, doubled or cut";
    text.remove_prefix(1);
  }
  if (text.ends_with('.')) {
    full_stop_ = true;
    text.remove_suffix(1);
  }
  ++tokens_;
  return text == words_.next() ? nullptr : "the stream's content is not that of this request";
}

const char* StreamCheck::usage(json::Value usage) const {
  const auto count = usage.find("completion_tokens");
  const auto tokens = count ? count->integer() : std::nullopt;
  if (!tokens) return "the usage has no completion_tokens";
  return static_cast<std::uint64_t>(*tokens) == tokens_ ? nullptr
                                                        : "the usage counts other tokens than came";
}

bool StreamCheck::is_like_last(std::string_view data) const noexcept {
  return !around_front_.empty() && data.size() > around_front_.size() + around_back_.size() &&
         data.starts_with(around_front_) && data.ends_with(around_back_);
}

void StreamCheck::remember(std::string_view data, std::string_view text) {
  const auto front = static_cast<std::size_t>(text.data() - data.data());
  SLUICE_ASSERT(front + text.size() < data.size());
  around_front_ = data.substr(0, front);
  around_back_ = data.substr(front + text.size());
}

const char* StreamCheck::event(std::string_view data) {
  if (!done_ && !finished_ && is_like_last(data)) {
    // Text that is not the word due is wrong whatever it would mean as JSON.
    data.remove_prefix(around_front_.size());
    data.remove_suffix(around_back_.size());
    return content(data);
  }
  if (done_) return "an event came behind [DONE]";
  if (data == "[DONE]") {
    done_ = true;
    return nullptr;
  }
  if (!index_.build(data)) return "an event is no JSON";
  const json::Value root = json::root(index_);
  if (root.find("error")) return "the stream holds an error event";
  if (const auto counts = root.find("usage"); counts && counts->is(json::Kind::object)) {
    if (const char* wrong = usage(*counts)) return wrong;
  }
  const auto choice = first_of(root, "choices");
  if (!choice) return nullptr;
  if (finished_) return "a choice goes on behind its finish reason";
  const auto delta = choice->find("delta");
  const auto piece = delta ? delta->find("content") : std::nullopt;
  const auto text = piece ? piece->string_raw() : std::nullopt;
  const auto reason = choice->find("finish_reason");
  const bool ends = reason && reason->is(json::Kind::string);
  if (text && !text->empty()) {
    if (!ends) remember(data, *text);
    return content(*text);
  }
  if (ends) {
    finished_ = true;
    cut_ = reason->string_equals("length");
  }
  return nullptr;
}

const char* StreamCheck::finish() const noexcept {
  if (!finished_) return "the stream ended without a finish reason";
  if (!done_) return "the stream ended without [DONE]";
  if (cut_ ? tokens_ != tokens_max_ : !full_stop_) return "the stream lacks its last events";
  if (tokens_max_ != 0 && tokens_ > tokens_max_) return "the stream has too many events";
  return nullptr;
}

}  // namespace sluice::load
