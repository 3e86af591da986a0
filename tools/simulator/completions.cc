// POST /v1/completions: the older text endpoint.
#include <fmt/format.h>

#include <algorithm>

#include "simulator/ask.h"
#include "simulator/generate.h"
#include "simulator/text.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

void append_choice(std::string& out, std::size_t index, std::string_view text,
                   std::string_view finish_reason) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"text":{},"index":{},"logprobs":null,"finish_reason":{}}})",
                 json::quote(text), index, finish_reason);
}

std::string_view reason_of(const Text& text) { return text.ended ? "\"stop\"" : "\"length\""; }

}  // namespace

Answer answer_completions(const Ask& ask, Desk& desk) {
  const auto prompt = ask.root->find("prompt");
  if (!prompt) {
    return error_answer(http::status::bad_request, "you must provide a prompt", "prompt");
  }
  const auto limits = read_limits(*ask.root);
  if (!limits) return limits.error();
  std::string asked;
  append_prompt(asked, *prompt);
  const std::string head = fmt::format(R"("id":"{}","object":"text_completion","created":{},)",
                                       make_id("cmpl-", desk.random), desk.created());
  const std::string model = json::quote(ask.model);
  std::vector<Text> choices;
  std::uint64_t tokens = 0;
  for (std::uint64_t i = 0; i < limits->choices; ++i) {
    choices.push_back(generate_text(seed_of_choice(seed_of(asked), i), desk.config.tokens,
                                    limits->tokens_max, limits->stops));
    tokens += choices.back().tokens();
  }
  const std::uint64_t prompt_tokens = tokens_of(asked.size());
  const std::string usage =
      fmt::format(R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}})",
                  prompt_tokens, tokens, prompt_tokens + tokens);
  Answer answer;
  if (!ask.stream) {
    answer.tokens = tokens;
    answer.body = "{" + head + R"("model":)" + model + R"(,"choices":[)";
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (i != 0) answer.body += ',';
      append_choice(answer.body, i, choices[i].bytes, reason_of(choices[i]));
    }
    answer.body += R"(],"usage":)" + usage + "}";
    return answer;
  }
  const auto options = ask.root->find("stream_options");
  const auto wanted = options ? options->find("include_usage") : std::nullopt;
  const bool usage_shown = wanted && wanted->boolean().value_or(false);
  answer.content_type = "text/event-stream; charset=utf-8";
  answer.is_stream = true;
  const std::string tail = usage_shown ? R"(,"usage":null})" : "}";
  for (std::size_t i = 0; i < choices.size(); ++i) {
    for (std::size_t t = 0; t <= choices[i].tokens(); ++t) {
      const bool last = t == choices[i].tokens();
      answer.body.append("data: {").append(head).append(R"("choices":[)");
      append_choice(answer.body, i, last ? std::string_view{} : choices[i].token(t),
                    last ? reason_of(choices[i]) : "null");
      answer.body.append(R"(],"model":)").append(model).append(tail).append("\n\n");
      answer.end_event();
    }
  }
  if (usage_shown) {
    answer.body.append("data: {").append(head).append(R"("choices":[],"model":)").append(model);
    answer.body.append(R"(,"usage":)").append(usage).append("}\n\n");
    answer.end_event();
  }
  answer.body += "data: [DONE]\n\n";
  answer.end_event();
  return answer;
}

}  // namespace sluice::simulator
