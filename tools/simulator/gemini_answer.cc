// :generateContent, :streamGenerateContent and :countTokens.
#include <fmt/format.h>

#include <algorithm>

#include "simulator/append.h"
#include "simulator/dialect.h"
#include "simulator/gemini_check.h"
#include "simulator/reply.h"
#include "simulator/shape.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {
namespace {

constexpr std::uint64_t context_tokens_max = 1'048'576;

class WishReader {
 public:
  explicit WishReader(json::Value root) : root_(root) {}

  Wish read() {
    read_tools();
    if (const auto system = proto_member(root_, "systemInstruction")) read_parts(*system, nullptr);
    for (const json::Value content : proto_elements(*proto_member(root_, "contents"))) {
      std::string said;
      answered_ = false;
      read_parts(content, &said);
      const bool users = text_member(content, "role") != "model";
      users ? wish_.turns.user(std::move(said)) : wish_.turns.assistant(std::move(said));
    }
    if (answered_) wish_.tools.clear();
    if (const auto config = proto_member(root_, "generationConfig")) read_config(*config);
    return std::move(wish_);
  }

 private:
  void read_tools() {
    const auto tools = proto_member(root_, "tools");
    if (!tools) return;
    const auto config = proto_member(root_, "toolConfig");
    const auto calling = config ? proto_member(*config, "functionCallingConfig") : std::nullopt;
    const bool none = calling && is_one_of(text_member(*calling, "mode"), {"NONE", "none"});
    std::vector<std::string> allowed;
    if (const auto names =
            calling ? proto_member(*calling, "allowedFunctionNames") : std::nullopt) {
      for (const json::Value name : names->elements())
        allowed.push_back(name.string().value_or(""));
    }
    for (const json::Value tool : proto_elements(*tools)) {
      const auto declarations = proto_member(tool, "functionDeclarations");
      if (!declarations) continue;
      for (const json::Value each : proto_elements(*declarations)) {
        const std::string name = text_member(each, "name");
        auto schema = proto_member(each, "parametersJsonSchema");
        if (!schema) schema = proto_member(each, "parameters");
        wish_.prompt.add(name);
        wish_.prompt.add(text_member(each, "description"));
        if (schema) wish_.prompt.add(schema->raw());
        const bool open = allowed.empty() || std::ranges::find(allowed, name) != allowed.end();
        if (!none && open) wish_.tools.push_back({name, schema});
      }
    }
  }

  void read_parts(json::Value content, std::string* said) {
    const auto parts = member(content, "parts");
    if (!parts) return;
    for (const json::Value part : proto_elements(*parts)) {
      const auto response = proto_member(part, "functionResponse");
      answered_ = response.has_value();
      const std::string text = text_member(part, "text");
      wish_.prompt.add(text);
      if (said != nullptr) *said += text;
      if (const auto call = proto_member(part, "functionCall")) {
        wish_.prompt.add(text_member(*call, "name"));
        if (const auto arguments = member(*call, "args")) wish_.prompt.add(arguments->raw());
      }
      if (response) wish_.prompt.add(response->find("response")->raw());
      const auto data = proto_member(part, "inlineData");
      const auto file = proto_member(part, "fileData");
      if (data || file) wish_.prompt.add_media(part.raw());
    }
  }

  void read_config(json::Value config) {
    if (const auto limit = proto_member(config, "maxOutputTokens"))
      wish_.tokens_max = static_cast<std::uint64_t>(*limit->integer());
    if (const auto stops = proto_member(config, "stopSequences")) {
      for (const json::Value stop : stops->elements()) wish_.stops.push_back(*stop.string());
    }
    wish_.schema = proto_member(config, "responseJsonSchema");
    if (!wish_.schema) wish_.schema = proto_member(config, "responseSchema");
    const auto type = proto_member(config, "responseMimeType");
    wish_.json = type && type->string_equals("application/json");
    const auto thinking = proto_member(config, "thinkingConfig");
    if (!thinking) return;
    const auto budget = proto_member(*thinking, "thinkingBudget");
    const auto shown = proto_member(*thinking, "includeThoughts");
    wish_.thinks = budget ? budget->integer() != 0
                          : shown.has_value() || proto_member(*thinking, "thinkingLevel");
  }

  json::Value root_;
  Wish wish_;
  bool answered_ = false;  // the last part is a function's response
};

struct Candidate {
  Reply reply{};
  std::vector<std::string> call_ids{};  // empty texts where the host gives none
};

class AnswerWriter {
 public:
  AnswerWriter(json::Value root, const GeminiRules& rules, const Session& session)
      : rules_(rules), session_(session) {
    const auto config = proto_member(root, "generationConfig");
    const auto thinking = config ? proto_member(*config, "thinkingConfig") : std::nullopt;
    const auto shown = thinking ? proto_member(*thinking, "includeThoughts") : std::nullopt;
    thoughts_shown_ = shown && shown->boolean() == true;
    const auto count = config ? proto_member(*config, "candidateCount") : std::nullopt;
    candidates_count_ = count ? static_cast<std::uint64_t>(*count->integer()) : 1;
    cached_ = proto_member(root, "cachedContent") ? cached_tokens : 0;
    response_id_ = make_id("", session.desk.random, 22);
  }

  void plan(Wish wish) {
    for (std::uint64_t i = 0; i < candidates_count_; ++i) {
      wish.index = i;
      Candidate candidate;
      candidate.reply = make_reply(wish, session_.cache, session_.desk);
      for ([[maybe_unused]] const Call& call : candidate.reply.calls) {
        const bool named = rules_.is_third() && !rules_.vertex;
        candidate.call_ids.push_back(named ? make_id("", session_.desk.random, 8) : "");
      }
      candidates_.push_back(std::move(candidate));
    }
  }

  Answer whole() {
    Answer answer;
    answer.content_type = "application/json; charset=UTF-8";
    std::string& out = answer.body;
    out += R"({"candidates": [)";
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      std::string parts;
      const Reply& reply = candidates_[i].reply;
      if (thoughts_shown_ && reply.thoughts.tokens() != 0)
        add(parts, text_part(reply.thoughts.bytes, true));
      if (reply.text.tokens() != 0) add(parts, text_part(reply.text.bytes, false));
      if (signs_text(reply)) sign_last(parts, reply);
      for (std::size_t k = 0; k < reply.calls.size(); ++k) add(parts, call_part(candidates_[i], k));
      if (i != 0) out += ',';
      append_candidate(out, i, parts, true);
    }
    out += "],";
    append_end(out, total_output(), true);
    answer.tokens = total_output();
    return answer;
  }

  Answer stream(bool sse) {
    Answer answer;
    answer.is_stream = true;
    answer.content_type = sse ? "text/event-stream" : "application/json; charset=UTF-8";
    for (std::size_t i = 0; i < candidates_.size(); ++i) stream_candidate(answer, i, sse);
    if (!sse) {
      answer.body += "]";
      answer.event_ends.back() = answer.body.size();
    }
    return answer;
  }

 private:
  static constexpr std::uint64_t cached_tokens = 1024;  // what a cachedContent is taken for

  static void add(std::string& parts, const std::string& part) {
    if (!parts.empty()) parts += ',';
    parts += part;
  }
  static std::string text_part(std::string_view text, bool thought) {
    return fmt::format(R"({{"text": {}{}}})", json::quote(text),
                       thought ? R"(,"thought": true)" : "");
  }
  [[nodiscard]] bool signs_text(const Reply& reply) const {
    return rules_.is_third() && reply.calls.empty() && reply.text.tokens() != 0;
  }
  static std::string signature(const Reply& reply, std::string_view name) {
    return fmt::format(R"("thoughtSignature": "{}")",
                       signature_of(gemini_family, name, reply.seed));
  }
  static void sign_last(std::string& parts, const Reply& reply) {
    parts.insert(parts.size() - 1, "," + signature(reply, ""));
  }
  // Of parallel calls the first alone is signed.
  std::string call_part(const Candidate& candidate, std::size_t index) const {
    const Call& call = candidate.reply.calls[index];
    const bool is_signed = index == 0 && (rules_.is_third() || candidate.reply.thought_tokens != 0);
    const std::string& id = candidate.call_ids[index];
    return fmt::format(R"({{"functionCall": {{"name": {},"args": {}{}}}{}}})",
                       json::quote(call.name), call.arguments,
                       id.empty() ? "" : fmt::format(R"(,"id": "{}")", id),
                       is_signed ? "," + signature(candidate.reply, call.name) : "");
  }

  void append_candidate(std::string& out, std::size_t index, std::string_view parts,
                        bool last) const {
    const Reply& reply = candidates_[index].reply;
    out += R"({"content": {)";
    if (!parts.empty()) append(out, R"("parts": [)", parts, "],");
    out += R"("role": "model"})";
    if (last) {
      append(out, R"(,"finishReason": ")", reply.stop == Stop::length ? "MAX_TOKENS" : "STOP",
             "\"");
    }
    append(out, R"(,"index": )", index);
    if (last && reply.stop == Stop::calls)
      out += R"(,"finishMessage": "Model generated function call(s).")";
    out += '}';
  }

  // `output`: said so far, thoughts not counted; members that are zero are left out.
  void append_end(std::string& out, std::uint64_t output, bool thoughts_done) const {
    const Reply& first = candidates_.front().reply;
    std::uint64_t thoughts = 0;
    for (const Candidate& each : candidates_) thoughts += each.reply.thought_tokens;
    if (!thoughts_done) thoughts = 0;
    const std::uint64_t prompt = first.prompt_tokens + cached_;
    append(out, R"("usageMetadata": {"promptTokenCount": )", prompt);
    if (cached_ != 0) append(out, R"(,"cachedContentTokenCount": )", cached_);
    if (output != 0) append(out, R"(,"candidatesTokenCount": )", output);
    append(out, R"(,"totalTokenCount": )", prompt + output + thoughts);
    append(out, R"(,"promptTokensDetails": [{"modality": "TEXT","tokenCount": )", prompt, "}]");
    if (thoughts != 0) append(out, R"(,"thoughtsTokenCount": )", thoughts);
    append(out, rules_.vertex ? R"(,"trafficType": "ON_DEMAND")" : R"(,"serviceTier": "standard")",
           R"(},"modelVersion": )", json::quote(session_.model), R"(,"responseId": ")",
           response_id_, "\"}");
  }

  [[nodiscard]] std::uint64_t total_output() const {
    std::uint64_t total = 0;
    for (const Candidate& each : candidates_)
      total += each.reply.output_tokens - each.reply.thought_tokens;
    return total;
  }

  void stream_candidate(Answer& answer, std::size_t index, bool sse) {
    const Candidate& candidate = candidates_[index];
    const Reply& reply = candidate.reply;
    if (thoughts_shown_ && reply.thoughts.tokens() != 0)
      chunk(answer, index, text_part(reply.thoughts.bytes, true), false, sse);
    thoughts_said_ = true;
    for (std::size_t t = 0; t < reply.text.tokens(); ++t) {
      ++said_;
      const bool last = t + 1 == reply.text.tokens() && !signs_text(reply);
      chunk(answer, index, text_part(reply.text.token(t), false), last, sse);
    }
    if (signs_text(reply)) {  // recorded: an empty text carries it
      std::string part = text_part("", false);
      sign_last(part, reply);
      chunk(answer, index, part, true, sse);
    }
    for (std::size_t k = 0; k < reply.calls.size(); ++k) {
      const Call& call = reply.calls[k];
      said_ += tokens_of_call(call);
      chunk(answer, index, call_part(candidate, k), k + 1 == reply.calls.size(), sse);
    }
    if (reply.text.tokens() == 0 && reply.calls.empty()) chunk(answer, index, "", true, sse);
  }

  static std::uint64_t tokens_of_call(const Call& call) {
    return std::max<std::uint64_t>(1, (call.name.size() + call.arguments.size()) / 4);
  }

  void chunk(Answer& answer, std::size_t index, std::string_view parts, bool last, bool sse) {
    std::string& out = answer.body;
    if (sse) {
      out += "data: ";
    } else {
      out += answer.event_ends.empty() ? "[" : ",\r\n";
    }
    out += R"({"candidates": [)";
    append_candidate(out, index, parts, last);
    out += "],";
    append_end(out, said_, thoughts_said_);
    if (sse) out += "\r\n\r\n";
    answer.end_event();
  }

  const GeminiRules& rules_;
  const Session& session_;
  bool thoughts_shown_ = false;
  bool thoughts_said_ = false;
  std::uint64_t candidates_count_ = 1;
  std::uint64_t cached_ = 0;
  std::uint64_t said_ = 0;
  std::string response_id_;
  std::vector<Candidate> candidates_;
};

Answer count_answer(std::uint64_t tokens) {
  Answer answer;
  answer.content_type = "application/json; charset=UTF-8";
  append(answer.body, R"({"totalTokens": )", tokens,
         R"(,"promptTokensDetails": [{"modality": "TEXT","tokenCount": )", tokens, "}]}");
  return answer;
}

}  // namespace

Answer answer_gemini(json::Value root, const Session& session) {
  const Host host = session.route.host;
  const bool counts = session.route.action == Action::count_tokens;
  const GeminiRules rules{
      .model = session.model, .vertex = host == Host::vertex, .counts_tokens = counts};
  if (const auto complaint = gemini_complaint(root, rules))
    return host_error(host, http::status::bad_request, *complaint, session.request_id);
  // countTokens may wrap what generateContent takes; the wrapped one is checked alike.
  if (const auto wrapped = proto_member(root, "generateContentRequest"))
    return answer_gemini(*wrapped, session);
  Wish wish = WishReader(root).read();
  const std::uint64_t tokens = wish.prompt.tokens();
  if (counts) return count_answer(tokens);
  if (tokens > context_tokens_max) {
    return host_error(host, http::status::bad_request,
                      fmt::format("The input token count ({}) exceeds the maximum number of tokens "
                                  "allowed ({}).",
                                  tokens, context_tokens_max),
                      session.request_id);
  }
  AnswerWriter writer(root, rules, session);
  writer.plan(std::move(wish));
  if (session.route.action == Action::generate) return writer.whole();
  return writer.stream(query_value(session.head.query, "alt").value_or("") == "sse");
}

}  // namespace sluice::simulator
