#include "sluice/llm/token_count.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// What a request that counts may say; more is answered with a 400. Anthropic's and OpenAI's API
// references, Bedrock's ConverseTokensRequest, November 2026.
constexpr std::array<std::string_view, 8> of_anthropic = {
    "model",       "messages", "system",        "tools",
    "tool_choice", "thinking", "output_config", "cache_control"};
constexpr std::array<std::string_view, 8> of_responses = {
    "model",     "input", "instructions", "tools", "tool_choice", "parallel_tool_calls",
    "reasoning", "text"};
constexpr std::array<std::string_view, 4> of_bedrock = {"messages", "system", "toolConfig",
                                                        "additionalModelRequestFields"};

void write_members(json::Writer& out, Value top, std::span<const std::string_view> names) {
  std::string scratch;
  for (const json::Member member : top.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    const bool is_wanted = names.empty() || std::ranges::find(names, name) != names.end();
    if (is_wanted) out.key(name).raw(member.value.raw());
  }
}

std::string counting_body(ChatDialect dialect, Value top, std::string_view upstream_model) {
  std::string body;
  json::Writer out(body);
  out.begin_object();
  switch (dialect) {
    case ChatDialect::anthropic: write_members(out, top, of_anthropic); break;
    case ChatDialect::responses: write_members(out, top, of_responses); break;
    case ChatDialect::gemini:
      out.key("generateContentRequest").begin_object();
      out.key("model").string("models/" + std::string(upstream_model));
      write_members(out, top, {});
      out.end_object();
      break;
    case ChatDialect::bedrock:
      out.key("input").begin_object().key("converse").begin_object();
      write_members(out, top, of_bedrock);
      out.end_object().end_object();
      break;
    case ChatDialect::openai: SLUICE_ASSERT(dialect != ChatDialect::openai);
  }
  out.end_object();
  return body;
}

// "/models/m:generateContent" to "/models/m:countTokens" and the like.
void end_with(std::string& target, std::string_view instead_of, std::string_view end) {
  SLUICE_ASSERT(target.ends_with(instead_of));
  target.replace(target.size() - instead_of.size(), instead_of.size(), end);
}

// CountTokens knows models and no inference profiles (observed, 2026): "us.anthropic.claude-x" is
// asked for as "anthropic.claude-x".
std::string_view without_place(std::string_view model) noexcept {
  const std::size_t publisher = model.find(".anthropic.");
  const bool is_profile = publisher != model.npos && model.find('.') == publisher;
  return is_profile ? model.substr(publisher + 1) : model;
}

void aim(ChatDialect dialect, std::string& target) {
  switch (dialect) {
    case ChatDialect::anthropic: return end_with(target, "/messages", "/messages/count_tokens");
    case ChatDialect::responses: return end_with(target, "/responses", "/responses/input_tokens");
    case ChatDialect::gemini: return end_with(target, ":generateContent", ":countTokens");
    case ChatDialect::bedrock: return end_with(target, "/converse", "/count-tokens");
    case ChatDialect::openai: break;
  }
  __builtin_unreachable();
}

// Gemini leaves out members that are 0, but its every chat has a token.
std::optional<std::uint64_t> find_count(Value top) {
  if (!top.is(Kind::object)) return std::nullopt;
  for (const std::string_view name : {"input_tokens", "totalTokens", "inputTokens"}) {
    const std::optional<Value> value = top.find(name);
    const std::optional<std::int64_t> count = value ? value->integer() : std::nullopt;
    if (count && *count >= 0) return static_cast<std::uint64_t>(*count);
  }
  return std::nullopt;
}

}  // namespace

bool asks_token_count(Operation operation) noexcept {
  return operation == Operation::messages_count_tokens ||
         operation == Operation::responses_input_tokens;
}

WrittenCall write_count_call(ChatDialect dialect, const ChatRequest& request,
                             const ChatTarget& target, json::Index& index) {
  SLUICE_ASSERT(dialect != ChatDialect::openai);
  SLUICE_ASSERT(!request.stream);
  ChatTarget counted = target;
  if (dialect == ChatDialect::bedrock) {
    counted.upstream_model = without_place(target.upstream_model);
  }
  WrittenCall call = write_chat_call(dialect, request, counted, index);
  if (!call) return call;
  const auto built = index.build(call->body);
  if (!built) return std::unexpected(errors::body_not_json(built.error(), index.limits()));
  std::string body = counting_body(dialect, json::root(index), target.upstream_model);
  index.clear();
  call->body = std::move(body);
  aim(dialect, call->target);
  return call;
}

std::optional<ApiError> TokenCountReader::read_whole(std::string_view body, json::Index& index,
                                                     ChatSink& sink) {
  const auto built = index.build(body);
  if (!built) return errors::upstream_malformed(provider_, "it is not JSON");
  const Value top = json::root(index);
  const std::optional<std::uint64_t> count = find_count(top);
  index.clear();
  if (!count) return errors::upstream_malformed(provider_, "it holds no count of tokens");
  sink.take({.kind = ChatEventKind::usage, .usage = {.input = count}});
  return std::nullopt;
}

ReadResult TokenCountReader::read_event(std::string_view, std::string_view, json::Index&,
                                        ChatSink&) {
  return {.error = errors::upstream_malformed(provider_, "a count of tokens is no event stream"),
          .ended = true,
          .odd = true};
}

StreamEnd TokenCountReader::finish(ChatSink&) { return StreamEnd::truncated; }

void TokenCountWriter::take(const ChatEvent& event) {
  if (event.kind == ChatEventKind::usage) input_ = event.usage.input.value_or(input_);
}

void TokenCountWriter::end() { out_ += token_count_answer(operation_, input_); }

std::string token_count_answer(Operation operation, std::uint64_t input_tokens) {
  SLUICE_ASSERT(asks_token_count(operation));
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (operation == Operation::responses_input_tokens) {
    writer.key("object").string("response.input_tokens");
  }
  writer.key("input_tokens").unsigned_integer(input_tokens);
  writer.end_object();
  return out;
}

}  // namespace sluice::llm
