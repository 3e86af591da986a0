// /v1/responses: create as JSON or as typed events, and the calls by id, which are answered from
// the id alone: nothing is stored.
#include <fmt/format.h>

#include "simulator/ask.h"
#include "simulator/generate.h"
#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

// One element of `output`: a message or a function call.
struct Item {
  bool is_call = false;
  std::string id{};
  std::string call_id{};
  std::string name{};
  Text text{};  // of a call: its arguments
};

struct Plan {
  std::string id;
  std::int64_t created = 0;
  std::string model;  // quoted
  std::string_view echoed_tools = "[]";
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  bool ended = true;
  std::vector<Item> items;
};

std::string part_of(const Item& item, bool done) {
  return fmt::format(R"({{"type":"output_text","annotations":[],"logprobs":[],"text":{}}})",
                     json::quote(done ? item.text.bytes : ""));
}

std::string item_of(const Item& item, bool done) {
  const std::string_view state = done ? "completed" : "in_progress";
  if (item.is_call) {
    return fmt::format(R"({{"id":"{}","type":"function_call","status":"{}","arguments":{},)"
                       R"("call_id":"{}","name":{}}})",
                       item.id, state, json::quote(done ? item.text.bytes : ""), item.call_id,
                       json::quote(item.name));
  }
  return fmt::format(
      R"({{"id":"{}","type":"message","status":"{}","content":[{}],"role":"assistant"}})", item.id,
      state, done ? part_of(item, true) : "");
}

enum class Phase { in_progress, done, cancelled };

std::string object_of(const Plan& plan, Phase phase) {
  std::string output;
  std::string usage = "null";
  std::string_view state = "in_progress";
  if (phase == Phase::cancelled) state = "cancelled";
  if (phase == Phase::done) {
    state = plan.ended ? "completed" : "incomplete";
    for (const Item& item : plan.items) {
      if (!output.empty()) output += ',';
      output += item_of(item, true);
    }
    usage =
        fmt::format(R"({{"input_tokens":{},"input_tokens_details":{{"cached_tokens":0}},)"
                    R"("output_tokens":{},"output_tokens_details":{{"reasoning_tokens":0}},)"
                    R"("total_tokens":{}}})",
                    plan.input_tokens, plan.output_tokens, plan.input_tokens + plan.output_tokens);
  }
  const std::string_view incomplete =
      phase == Phase::done && !plan.ended ? R"({"reason":"max_output_tokens"})" : "null";
  return fmt::format(
      R"({{"id":"{}","object":"response","created_at":{},"status":"{}","background":false,)"
      R"("error":null,"incomplete_details":{},"instructions":null,"max_output_tokens":null,)"
      R"("model":{},"output":[{}],"parallel_tool_calls":true,"previous_response_id":null,)"
      R"("reasoning":{{"effort":null,"summary":null}},"service_tier":"default","store":true,)"
      R"("temperature":1.0,"text":{{"format":{{"type":"text"}}}},"tool_choice":"auto",)"
      R"("tools":{},"top_p":1.0,"truncation":"disabled","usage":{},"user":null,"metadata":{{}}}})",
      plan.id, plan.created, state, incomplete, plan.model, output, plan.echoed_tools, usage);
}

bool answers_tools(json::Value input) {
  bool last = false;
  for (const json::Value item : input.elements()) {
    const auto type = item.find("type");
    last = type && type->string_equals("function_call_output");
  }
  return last;
}

void add_calls(Plan& plan, const Ask& ask, std::uint64_t seed, Random& random) {
  const auto tools = ask.root->find("tools");
  const auto choice = ask.root->find("tool_choice");
  if (!tools || (choice && choice->string_equals("none"))) return;
  plan.echoed_tools = tools->raw();
  const auto input = ask.root->find("input");
  if (input && answers_tools(*input)) return;
  const auto parallel = ask.root->find("parallel_tool_calls");
  const bool one = parallel && !parallel->boolean().value_or(true);
  for (const json::Value tool : tools->elements()) {
    const auto name = tool.find("name");
    if (!name) continue;
    const auto schema = tool.find("parameters");
    Item item{.is_call = true,
              .id = make_id("fc_", random, 48),
              .call_id = make_id("call_", random, 24),
              .name = name->string().value_or(""),
              .text = tokenize(schema ? value_for_schema(*schema, seed) : "{}", 0)};
    plan.items.push_back(std::move(item));
    if (one || plan.items.size() == 4) return;
  }
}

Text message_of(const Ask& ask, std::uint64_t seed, const Limits& limits, std::uint32_t tokens) {
  const auto text = ask.root->find("text");
  const auto format = text ? text->find("format") : std::nullopt;
  const auto schema = format ? format->find("schema") : std::nullopt;
  if (schema) return tokenize(value_for_schema(*schema, seed), limits.tokens_max);
  return generate_text(seed, tokens, limits.tokens_max, limits.stops);
}

Plan plan_of_id(std::string_view id, Desk& desk) {
  Plan plan;
  plan.id = id;
  plan.created = desk.created();
  plan.model = R"("sim-model")";
  Item item{.id = make_id("msg_", desk.random, 48)};
  item.text = generate_text(seed_of(id), desk.config.tokens, 0, {});
  plan.output_tokens = item.text.tokens();
  plan.input_tokens = 1;
  plan.items.push_back(std::move(item));
  return plan;
}

// Writes typed events, each with its name and its sequence number.
class EventWriter {
 public:
  explicit EventWriter(Answer& answer) : answer_(answer) {}
  /// `rest`: further members, with their commas in front.
  void event(std::string_view type, std::string_view rest) {
    fmt::format_to(std::back_inserter(answer_.body),
                   "event: {}\ndata: {{\"type\":\"{}\",\"sequence_number\":{}{}}}\n\n", type, type,
                   number_++, rest);
    answer_.end_event();
  }

 private:
  Answer& answer_;
  std::uint64_t number_ = 0;
};

void stream_item(const Item& item, std::size_t index, EventWriter& events) {
  const std::string place = fmt::format(R"(,"output_index":{})", index);
  events.event("response.output_item.added", place + R"(,"item":)" + item_of(item, false));
  std::string inner = fmt::format(R"(,"item_id":"{}","output_index":{})", item.id, index);
  const std::string_view kind = item.is_call ? "function_call_arguments" : "output_text";
  if (!item.is_call) {
    inner += R"(,"content_index":0)";
    events.event("response.content_part.added", inner + R"(,"part":)" + part_of(item, false));
  }
  for (std::size_t t = 0; t < item.text.tokens(); ++t) {
    events.event(fmt::format("response.{}.delta", kind),
                 inner + R"(,"delta":)" + json::quote(item.text.token(t)));
  }
  events.event(fmt::format("response.{}.done", kind),
               fmt::format(R"({},"{}":{})", inner, item.is_call ? "arguments" : "text",
                           json::quote(item.text.bytes)));
  if (!item.is_call)
    events.event("response.content_part.done", inner + R"(,"part":)" + part_of(item, true));
  events.event("response.output_item.done", place + R"(,"item":)" + item_of(item, true));
}

Answer stream_of(const Plan& plan) {
  Answer answer;
  answer.content_type = "text/event-stream; charset=utf-8";
  answer.is_stream = true;
  EventWriter events(answer);
  const std::string begun = R"(,"response":)" + object_of(plan, Phase::in_progress);
  events.event("response.created", begun);
  events.event("response.in_progress", begun);
  for (std::size_t i = 0; i < plan.items.size(); ++i) stream_item(plan.items[i], i, events);
  events.event(plan.ended ? "response.completed" : "response.incomplete",
               R"(,"response":)" + object_of(plan, Phase::done));
  return answer;
}

Answer create(const Ask& ask, Desk& desk) {
  const auto input = ask.root->find("input");
  if (!input) {
    return error_answer(http::status::bad_request, "Missing required parameter: 'input'.", "input",
                        "missing_required_parameter");
  }
  const auto limits = read_limits(*ask.root);
  if (!limits) return limits.error();
  std::string asked;
  append_prompt(asked, *input);
  const std::uint64_t seed = seed_of(asked);
  Plan plan;
  plan.id = make_id("resp_", desk.random, 48);
  plan.created = desk.created();
  plan.model = json::quote(ask.model);
  plan.input_tokens = tokens_of(asked.size());
  add_calls(plan, ask, seed, desk.random);
  if (plan.items.empty()) {
    Item item{.id = make_id("msg_", desk.random, 48)};
    item.text = message_of(ask, seed, *limits, desk.config.tokens);
    plan.ended = item.text.ended;
    plan.items.push_back(std::move(item));
  }
  for (const Item& item : plan.items) plan.output_tokens += item.text.tokens();
  if (ask.stream) return stream_of(plan);
  Answer answer;
  answer.tokens = plan.output_tokens;
  answer.body = object_of(plan, Phase::done);
  return answer;
}

}  // namespace

Answer answer_responses(const Ask& ask, Desk& desk) {
  using llm::Operation;
  const Operation operation = ask.endpoint.operation;
  if (operation == Operation::responses) return create(ask, desk);
  Answer answer;
  if (operation == Operation::responses_input_tokens) {
    std::string asked;
    if (const auto input = ask.root->find("input")) append_prompt(asked, *input);
    answer.body = fmt::format(R"({{"object":"response.input_tokens","input_tokens":{}}})",
                              tokens_of(asked.size()));
    return answer;
  }
  if (operation == Operation::responses_delete) {
    answer.body =
        fmt::format(R"({{"id":"{}","object":"response","deleted":true}})", ask.endpoint.id);
    return answer;
  }
  if (operation == Operation::responses_input_items) {
    answer.body = R"({"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false})";
    return answer;
  }
  const Plan plan = plan_of_id(ask.endpoint.id, desk);
  if (ask.stream) return stream_of(plan);
  answer.body =
      object_of(plan, operation == Operation::responses_cancel ? Phase::cancelled : Phase::done);
  return answer;
}

}  // namespace sluice::simulator
