// POST /v1/chat/completions.
#include <algorithm>

#include "simulator/append.h"
#include "simulator/ask.h"
#include "simulator/continuation.h"
#include "simulator/generate.h"
#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

constexpr std::size_t tool_calls_max = 4;

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;
};

// What will be said, before it is known whether as one object or as a stream.
struct Plan {
  std::string id;
  std::int64_t created = 0;
  std::string model;  // quoted
  std::uint64_t seed = 0;
  std::string_view prompt;  // that all texts follow from alone; empty: there is more to it
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  bool usage_shown = false;  // stream_options.include_usage
  bool goes_on = false;      // the assistant's words come last
  std::vector<Text> choices;
  std::vector<ToolCall> calls;  // of every choice; then the choices' texts are empty

  [[nodiscard]] std::string_view finish_reason(const Text& text) const noexcept {
    if (!calls.empty()) return "tool_calls";
    return text.ended ? "stop" : "length";
  }
};

struct Conversation {
  std::uint64_t seed = 0;
  std::string_view prompt;  // the seed is of; empty where it is not one string without an escape
  std::uint64_t bytes = 0;
  bool tools_answered = false;  // the last message is a tool's
  std::string begun{};          // what of the answer the chat has already
  bool is_alone = true;         // nothing is there but the user's words
  bool is_prefilled = false;    // the assistant's words come last
};

void read_prompt(Conversation& conversation, json::Value content) {
  const std::optional<std::string_view> raw = content.string_raw();
  if (raw && raw->find('\\') == std::string_view::npos) {
    conversation.prompt = *raw;
    conversation.seed = seed_of(*raw);
    return;
  }
  std::string text;
  append_prompt(text, content);
  conversation.seed = seed_of(text);
}

// What a chat in which the assistant has spoken asks for.
void read_turns(Conversation& conversation, json::Value messages, std::uint32_t tokens) {
  Turns turns;
  for (const json::Value message : messages.elements()) {
    const auto role = message.find("role");
    const auto content = message.find("content");
    std::string text;
    if (content) append_prompt(text, *content);
    if (role->string_equals("assistant")) {
      turns.assistant(std::move(text));
    } else if (role->string_equals("user")) {
      turns.user(std::move(text));
    } else if (role->string_equals("tool")) {
      turns.user("");
    }
  }
  const Turns::Question question = turns.question(tokens);
  conversation.begun = question.begun;
  conversation.is_prefilled = turns.is_prefilled();
  if (!question.begun.empty() && !turns.is_prefilled()) conversation.seed = seed_of(question.asked);
}

std::expected<Conversation, Answer> read_messages(json::Value root, std::uint32_t tokens) {
  const auto messages = root.find("messages");
  if (!messages || !messages->is(json::Kind::array) || messages->is_empty()) {
    return std::unexpected(error_answer(http::status::bad_request,
                                        "messages must be an array with at least one message.",
                                        "messages"));
  }
  Conversation conversation;
  std::optional<json::Value> asked;
  for (const json::Value message : messages->elements()) {
    const auto role = message.find("role");
    if (!role || !role->is(json::Kind::string)) {
      return std::unexpected(
          error_answer(http::status::bad_request, "Every message must have a role.", "messages"));
    }
    conversation.tools_answered = role->string_equals("tool");
    if (role->string_equals("assistant")) conversation.is_alone = false;
    const auto content = message.find("content");
    if (!content) continue;
    conversation.bytes += content->raw().size();
    if (!asked || role->string_equals("user")) asked = content;
  }
  if (asked) read_prompt(conversation, *asked);
  if (!conversation.is_alone) read_turns(conversation, *messages, tokens);
  return conversation;
}

/// The function of a tool: {"type":"function","function":{"name","parameters"}}.
void add_call(Plan& plan, json::Value tool, Random& random) {
  const auto function = tool.find("function");
  const auto name = function ? function->find("name") : std::nullopt;
  if (!name) return;
  ToolCall call{make_id("call_", random, 24), name->string().value_or(""), "{}"};
  if (const auto schema = function->find("parameters"))
    call.arguments = value_for_schema(*schema, plan.seed);
  plan.calls.push_back(std::move(call));
}

void choose_calls(Plan& plan, json::Value root, Random& random) {
  const auto tools = root.find("tools");
  const auto choice = root.find("tool_choice");
  if (!tools || (choice && choice->string_equals("none"))) return;
  const auto named = choice ? choice->find("function") : std::nullopt;
  const auto wanted = named ? named->find("name") : std::nullopt;
  const auto parallel = root.find("parallel_tool_calls");
  const bool one = wanted || (parallel && !parallel->boolean().value_or(true));
  for (const json::Value tool : tools->elements()) {
    const auto function = tool.find("function");
    const auto name = function ? function->find("name") : std::nullopt;
    if (!name || (wanted && !name->string_equals(wanted->string().value_or("")))) continue;
    add_call(plan, tool, random);
    if (one || plan.calls.size() == tool_calls_max) return;
  }
}

Text text_of_choice(const Plan& plan, json::Value root, const Limits& limits, std::uint64_t index,
                    std::uint32_t tokens, std::string_view begun) {
  const std::uint64_t seed = seed_of_choice(plan.seed, index);
  const auto format = root.find("response_format");
  const auto type = format ? format->find("type") : std::nullopt;
  if (type && type->string_equals("json_schema")) {
    const auto wrapper = format->find("json_schema");
    const auto schema = wrapper ? wrapper->find("schema") : std::nullopt;
    return tokenize(schema ? value_for_schema(*schema, seed) : "{}", limits.tokens_max, begun);
  }
  if (type && type->string_equals("json_object")) {
    return tokenize(R"({"answer":")" + text_of(seed, 8, true) + R"("})", limits.tokens_max, begun);
  }
  return generate_text(seed, tokens, limits.tokens_max, limits.stops, begun);
}

std::expected<Plan, Answer> make_plan(const Ask& ask, Desk& desk) {
  const json::Value root = *ask.root;
  const auto conversation = read_messages(root, desk.config.tokens);
  if (!conversation) return std::unexpected(conversation.error());
  const auto limits = read_limits(root);
  if (!limits) return std::unexpected(limits.error());
  Plan plan;
  plan.id = make_id(chat_id_prefix, desk.random);
  plan.created = desk.created();
  plan.model = json::quote(ask.model);
  plan.seed = conversation->seed;
  plan.prompt_tokens = tokens_of(conversation->bytes);
  if (!conversation->tools_answered) choose_calls(plan, root, desk.random);
  const auto options = root.find("stream_options");
  const auto usage = options ? options->find("include_usage") : std::nullopt;
  plan.usage_shown = usage && usage->boolean().value_or(false);
  plan.goes_on = conversation->is_prefilled;
  if (plan.calls.empty() && limits->stops.empty() && conversation->is_alone)
    plan.prompt = conversation->prompt;
  for (std::uint64_t i = 0; i < limits->choices; ++i) {
    plan.choices.push_back(
        plan.calls.empty()
            ? text_of_choice(plan, root, *limits, i, desk.config.tokens, conversation->begun)
            : Text{});
    plan.completion_tokens += plan.choices.back().tokens();
    for (const ToolCall& call : plan.calls)
      plan.completion_tokens += tokens_of(call.name.size() + call.arguments.size());
  }
  return plan;
}

void append_usage(std::string& out, const Plan& plan) {
  append(out, R"({"prompt_tokens":)", plan.prompt_tokens, R"(,"completion_tokens":)",
         plan.completion_tokens, R"(,"total_tokens":)", plan.prompt_tokens + plan.completion_tokens,
         R"(,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},)"
         R"("completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,)"
         R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}})");
}

void append_calls(std::string& out, const std::vector<ToolCall>& calls) {
  json::Writer writer(out);
  writer.begin_array();
  for (const ToolCall& call : calls) {
    writer.begin_object();
    writer.key("id").string(call.id).key("type").string("function").key("function").begin_object();
    writer.key("name").string(call.name).key("arguments").string(call.arguments);
    writer.end_object().end_object();
  }
  writer.end_array();
}

Answer whole_answer(const Plan& plan) {
  Answer answer;
  answer.tokens = plan.completion_tokens;
  std::string& out = answer.body;
  std::size_t text_bytes = 0;
  for (const Text& text : plan.choices) text_bytes += text.bytes.size();
  out.reserve(1024 + text_bytes);
  append(out, R"({"id":")", plan.id, R"(","object":"chat.completion","created":)", plan.created,
         R"(,"model":)", plan.model, R"(,"choices":[)");
  for (std::size_t i = 0; i < plan.choices.size(); ++i) {
    const Text& text = plan.choices[i];
    if (i != 0) out += ',';
    append(out, R"({"index":)", i, R"(,"message":{"role":"assistant","content":)");
    if (!plan.calls.empty()) {
      out += R"(null,"tool_calls":)";
      append_calls(out, plan.calls);
    } else if (text.plain) {
      append(out, "\"", text.bytes, "\"");
    } else {
      json::append_quoted(out, text.bytes);
    }
    append(out, R"(,"refusal":null,"annotations":[]},"logprobs":null,"finish_reason":")",
           plan.finish_reason(text), R"("})");
  }
  out += R"(],"usage":)";
  append_usage(out, plan);
  out += R"(,"service_tier":"default","system_fingerprint":"fp_simulated"})";
  return answer;
}

// Writes the chunks of one stream: each is head + choice + tail, and only the choice differs.
class ChunkWriter {
 public:
  ChunkWriter(const Plan& plan, Answer& answer) : answer_(answer) {
    append(head_, R"(data: {"id":")", plan.id, R"(","object":"chat.completion.chunk","created":)",
           plan.created, R"(,"model":)", plan.model,
           R"(,"service_tier":"default","system_fingerprint":"fp_simulated","choices":[)");
    tail_ = plan.usage_shown ? "],\"usage\":null}\n\n" : "]}\n\n";
    append(unfinished_tail_, R"(},"logprobs":null,"finish_reason":null})", tail_);
  }

  /// Begins a chunk whose delta the caller writes.
  std::string& begin(std::size_t choice) {
    append(answer_.body, head_, R"({"index":)", choice, R"(,"delta":{)");
    return answer_.body;
  }
  void end() {
    answer_.body += unfinished_tail_;
    answer_.end_event();
  }

  /// What stands in front of the text in a chunk of `choice` that holds text alone.
  [[nodiscard]] std::string front_of_text(std::size_t choice) const {
    std::string front;
    append(front, head_, R"({"index":)", choice, R"(,"delta":{"content":")");
    return front;
  }
  /// All chunks of the one choice's plain text. In one go, for to grow the body is dearer than to
  /// write a chunk of it.
  void texts(std::string_view front, const Text& text) {
    const std::string back = '"' + unfinished_tail_;
    const std::size_t before = answer_.body.size();
    const std::size_t events_before = answer_.event_ends.size();
    const std::size_t room = text.bytes.size() + text.tokens() * (front.size() + back.size());
    answer_.event_ends.resize(events_before + text.tokens());
    std::size_t* event_end = answer_.event_ends.data() + events_before;
    answer_.body.resize_and_overwrite(before + room,
                                      [=, &text, &back](char* bytes, std::size_t) mutable {
                                        const char* token = text.bytes.data();
                                        char* at = bytes + before;
                                        for (const std::uint32_t end : text.ends) {
                                          const char* const token_end = text.bytes.data() + end;
                                          at = write_bytes(at, front);
                                          at = write_bytes(at, {token, token_end});
                                          at = write_bytes(at, back);
                                          *event_end++ = static_cast<std::size_t>(at - bytes);
                                          token = token_end;
                                        }
                                        return static_cast<std::size_t>(at - bytes);
                                      });
  }
  /// A chunk of text alone; `token` is the inside of a JSON string.
  void text(std::string_view front, std::string_view token) {
    append(answer_.body, front, token, "\"", unfinished_tail_);
    answer_.end_event();
  }

  void finish(std::size_t choice, std::string_view reason) {
    append(begin(choice), R"(},"logprobs":null,"finish_reason":")", reason, R"("})", tail_);
    answer_.end_event();
  }
  void usage(const Plan& plan) {
    append(answer_.body, head_, R"(],"usage":)");
    append_usage(answer_.body, plan);
    answer_.body += "}\n\n";
    answer_.end_event();
  }

 private:
  Answer& answer_;
  std::string head_;
  std::string_view tail_;
  std::string unfinished_tail_;  // of a chunk without a finish reason
};

void stream_calls(const Plan& plan, std::size_t choice, ChunkWriter& chunks) {
  constexpr std::size_t pieces_max = 256;  // of one call's arguments
  for (std::size_t i = 0; i < plan.calls.size(); ++i) {
    const ToolCall& call = plan.calls[i];
    append(chunks.begin(choice), R"("tool_calls":[{"index":)", i, R"(,"id":")", call.id,
           R"(","type":"function","function":{"name":)", json::quote(call.name),
           R"(,"arguments":""}}])");
    chunks.end();
    const Text text = tokenize(call.arguments, 0);
    const std::size_t step = text.tokens() / pieces_max + 1;
    for (std::size_t t = 0; t < text.tokens(); t += step) {
      std::string& out = chunks.begin(choice);
      append(out, R"("tool_calls":[{"index":)", i, R"(,"function":{"arguments":")");
      for (std::size_t k = t; k < std::min(t + step, text.tokens()); ++k)
        append_token(out, text, k);
      out += R"("}}])";
      chunks.end();
    }
  }
}

Answer stream_answer(const Plan& plan) {
  Answer answer;
  answer.content_type = "text/event-stream; charset=utf-8";
  answer.is_stream = true;
  std::size_t longest = 0;
  for (const Text& text : plan.choices) longest = std::max(longest, text.tokens());
  // Enough for 64 tokens and usage: to grow would copy it all. What stands around a text is 280
  // bytes and the model's name.
  answer.body.reserve((longest + 4) * plan.choices.size() * (304 + plan.model.size()));
  answer.event_ends.reserve((longest + 2) * plan.choices.size() + 2);
  ChunkWriter chunks(plan, answer);
  for (std::size_t i = 0; i < plan.choices.size(); ++i) {
    chunks.begin(i) += plan.calls.empty() ? R"("role":"assistant","content":"","refusal":null)"
                                          : R"("role":"assistant","content":null)";
    chunks.end();
  }
  if (plan.choices.size() == 1 && plan.choices[0].plain) {
    chunks.texts(chunks.front_of_text(0), plan.choices[0]);
    longest = 0;
  }
  std::vector<std::string> fronts;
  for (std::size_t i = 0; i < plan.choices.size(); ++i) fronts.push_back(chunks.front_of_text(i));
  std::string escaped;
  for (std::size_t t = 0; t < longest; ++t) {
    for (std::size_t i = 0; i < plan.choices.size(); ++i) {
      const Text& text = plan.choices[i];
      if (t >= text.tokens()) continue;
      if (text.plain) {
        chunks.text(fronts[i], text.token(t));
      } else {
        escaped.clear();
        append_token(escaped, text, t);
        chunks.text(fronts[i], escaped);
      }
    }
  }
  for (std::size_t i = 0; i < plan.choices.size(); ++i) {
    stream_calls(plan, i, chunks);
    chunks.finish(i, plan.finish_reason(plan.choices[i]));
  }
  if (plan.usage_shown) chunks.usage(plan);
  answer.body += "data: [DONE]\n\n";
  answer.end_event();
  return answer;
}

}  // namespace

Answer answer_chat(const Ask& ask, Desk& desk) {
  auto plan = make_plan(ask, desk);
  if (!plan) return std::move(plan.error());
  Answer answer = ask.stream ? stream_answer(*plan) : whole_answer(*plan);
  answer.goes_on = plan->goes_on;
  if (!plan->prompt.empty() && plan->choices.size() == 1 && plan->choices[0].plain) {
    const Text& text = plan->choices[0];
    answer.said = {plan->prompt, std::move(plan->id), text.tokens(), text.ended};
  }
  return answer;
}

}  // namespace sluice::simulator
