#include "drawn_chat.h"

#include <array>
#include <iterator>

#include "sense.h"
#include "simulator/anthropic_check.h"
#include "simulator/gemini_check.h"
#include "simulator/reply.h"
#include "sluice/json/writer.h"

namespace sluice::llm::testing {
namespace {

using json::Text;

template <typename Values>
const auto& pick(Random& random, const Values& values) {
  return values[random.below(std::size(values))];
}

constexpr std::array<std::string_view, 12> schemas = {
    R"({"type":"object","properties":{}})",
    R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})",
    R"({"type":"object","properties":{"n":{"type":"integer","minimum":0}}})",
    R"({"type":"object","properties":{"list":{"type":"array","items":{"type":"number"}}}})",
    R"({"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false})",
    R"({"type":"object","properties":{"e":{"enum":["x","y"]}},"description":"d \"q\""})",
    R"({"type":"object","properties":{"o":{"type":"object","properties":{"p":{"type":"boolean"}}}}})",
    R"({"type":"object","properties":{"r":{"$ref":"#/$defs/R"}},"$defs":{"R":{"type":"string"}}})",
    R"({"type":"object","properties":{"u":{"anyOf":[{"type":"string"},{"type":"integer"}]}}})",
    R"({"type":"object", "properties": {"s": {"type": "string", "pattern": "^a+$"}}})",
    R"({"type":"object","properties":{"é":{"type":"string","maxLength":3}},"title":"T"})",
    R"({"properties":{"k":{"type":"string"}}})"};

constexpr std::array<std::string_view, 9> argument_texts = {
    "{}",
    R"({"city":"Rome"})",
    R"({"n":3,"x":[1,2.50,{"y":null}]})",
    R"({"s":"a \"quoted\" line\nand \u00e9"})",
    R"({ "spaced" : [ true , false ] })",
    R"({"large":12345678901234567890,"tiny":1.0e-7})",
    R"({"":"empty key","é":"ü😀"})",
    R"({"deep":{"a":{"b":{"c":{}}}}})",
    ""};

class ChatDrawer {
 public:
  explicit ChatDrawer(std::uint64_t seed) : random_(seed), texts_(random_) {}

  ChatRequest run() {
    draw_tools();
    draw_messages();
    draw_choice();
    draw_output();
    draw_reasoning();
    draw_sampling();
    draw_labels();
    request_.stream = random_.chance(0.5);
    return std::move(request_);
  }

 private:
  // --- texts ---

  // Kept by the request, spelled plainly or as JSON.
  Text keep(const std::string& plain) {
    const bool escaped = random_.chance(0.5);
    std::string& kept = request_.owned.emplace_back();
    if (escaped) {
      json::append_escaped(kept, plain);
    } else {
      kept = plain;
    }
    return {.bytes = kept, .escaped = escaped};
  }
  std::string_view keep_json(std::string json) {
    return request_.owned.emplace_back(std::move(json));
  }
  Text draw_text(char speaker) {
    if (random_.chance(0.05)) return {};
    return keep(texts_.draw(speaker));
  }
  CacheMark draw_mark() {
    if (!random_.chance(0.05)) return CacheMark::none;
    return random_.chance(0.7) ? CacheMark::five_minutes : CacheMark::one_hour;
  }

  // --- tools ---

  void draw_tools() {
    const std::uint64_t count = random_.chance(0.4) ? 0 : 1 + random_.below(4);
    constexpr std::array<std::string_view, 5> names = {"get_weather", "f", "Search-2", "run__it",
                                                       "lookup"};
    constexpr std::array<std::string_view, 4> odd = {"get.weather", "wetter für/heute",
                                                     "mcp:files:read", "9lives"};
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string name(random_.chance(0.15) ? pick(random_, odd) : pick(random_, names));
      if (random_.chance(0.03)) name.append(100, 'n');
      name += "_" + std::to_string(i);  // no two of one name
      Tool tool{.name = keep(name), .cache = draw_mark()};
      if (random_.chance(0.7)) tool.description = keep(texts_.draw_words(6));
      if (random_.chance(0.12)) {
        tool.kind = ToolKind::custom;
      } else {
        if (random_.chance(0.9)) tool.parameters = pick(random_, schemas);
        if (random_.chance(0.3)) tool.strict = random_.chance(0.5);
      }
      request_.tools.push_back(tool);
    }
  }

  void draw_choice() {
    ToolChoice& choice = request_.tool_choice;
    if (random_.chance(0.3)) choice.parallel = random_.chance(0.5);
    if (random_.chance(0.5) || request_.tools.empty()) return;
    choice.mode = static_cast<ToolChoiceMode>(random_.below(5));
    if (choice.mode == ToolChoiceMode::named) choice.name = pick(random_, request_.tools).name;
    const bool may_allow =
        choice.mode == ToolChoiceMode::automatic || choice.mode == ToolChoiceMode::required;
    if (!may_allow || !random_.chance(0.3)) return;
    for (const Tool& tool : request_.tools) {
      if (random_.chance(0.6)) choice.allowed.push_back(tool.name);
    }
  }

  // --- messages ---

  void draw_messages() {
    if (random_.chance(0.6)) say(Role::system, 's');
    if (random_.chance(0.1)) say(Role::system, 's');
    const std::uint64_t turns = 1 + random_.below(random_.chance(0.1) ? 12 : 4);
    if (random_.chance(0.1)) answer();
    for (std::uint64_t i = 0; i < turns; ++i) {
      ask();
      if (random_.chance(0.05)) say(Role::system, 's');
      if (i + 1 < turns || random_.chance(0.1)) answer();
    }
    // Somebody says something.
    if (request_.parts.empty() || random_.chance(0.8)) say_for_sure();
  }

  void begin(Role role) {
    request_.messages.push_back(
        {.role = role, .first_part = static_cast<std::uint32_t>(request_.parts.size())});
    if (random_.chance(0.08) && role != Role::system) request_.messages.back().name = keep("Ann_1");
  }
  void add(auto body) {
    request_.parts.push_back({.body = std::move(body), .cache = draw_mark()});
    ++request_.messages.back().part_count;
  }
  void say(Role role, char speaker) {
    begin(role);
    const std::uint64_t count = random_.chance(0.85) ? 1 : random_.below(4);
    for (std::uint64_t i = 0; i < count; ++i) add(TextPart{.text = draw_text(speaker)});
  }
  void say_for_sure() {
    begin(Role::user);
    add(TextPart{.text = keep(texts_.draw('u'))});
  }

  void ask() {
    const std::uint64_t messages = random_.chance(0.9) ? 1 : 2;
    for (std::uint64_t i = 0; i < messages; ++i) {
      begin(Role::user);
      const std::uint64_t parts = random_.chance(0.7) ? 1 : random_.below(4);
      for (std::uint64_t part = 0; part < parts; ++part) {
        if (random_.chance(0.15)) {
          add(draw_media());
        } else {
          add(TextPart{.text = draw_text('u')});
        }
      }
      if (random_.chance(0.03)) add_blank_behind_words();
    }
  }

  // Blanks alone would be a turn to some and none to others.
  void add_blank_behind_words() {
    if (request_.messages.back().part_count == 0) return;
    const auto* words = std::get_if<TextPart>(&request_.parts.back().body);
    if (words != nullptr && !words->text.empty()) add(TextPart{.text = keep(" \n ")});
  }

  // One answer, and while it calls tools their results and the next one.
  void answer() {
    const std::uint64_t rounds = 1 + (random_.chance(0.2) ? random_.below(3) : 0);
    for (std::uint64_t round = 0; round < rounds; ++round) {
      begin(Role::assistant);
      if (draw_thoughts()) add(TextPart{.text = keep(texts_.draw('a'))});
      const std::uint64_t texts = random_.chance(0.8) ? 1 : random_.below(3);
      for (std::uint64_t i = 0; i < texts; ++i) {
        if (random_.chance(0.05)) {
          add(RefusalPart{.text = draw_text('a')});
        } else {
          add(TextPart{.text = draw_text('a')});
        }
      }
      if (!random_.chance(0.4)) continue;
      draw_calls();
    }
  }

  // True: words must follow, for OpenAI takes none of its thoughts back that nothing follows.
  bool draw_thoughts() {
    if (!random_.chance(0.25)) return false;
    bool any_openais = false;
    const std::uint64_t count = 1 + random_.below(2);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto origin = static_cast<ReasoningOrigin>(random_.below(4));
      const bool sealed = random_.chance(0.3);
      const bool is_summary = origin == ReasoningOrigin::openai;
      ReasoningPart thought{.origin = origin};
      any_openais = any_openais || is_summary;
      const std::string text = !sealed || is_summary ? texts_.draw('t') : "";
      if (!text.empty()) thought.text = keep(text);
      const std::string proof = draw_proof(origin, sealed ? "redacted" : text);
      if (sealed) thought.sealed = keep(proof);
      if (!sealed && random_.chance(0.6)) thought.signature = keep(proof);
      if (is_summary && sealed) {
        thought.id = keep("rs_" + std::to_string(random_.below(1000)) + "_" + std::to_string(i));
        if (random_.chance(0.3)) {  // a summary of two texts
          add(ReasoningPart{.text = keep(texts_.draw('t')), .id = thought.id, .origin = origin});
        }
      }
      add(thought);
    }
    return any_openais;
  }

  // As the simulator's models of that maker sign; who does not say whose it is goes for Anthropic.
  std::string draw_proof(ReasoningOrigin origin, std::string_view text) {
    switch (origin) {
      case ReasoningOrigin::google:
        return simulator::signature_of(simulator::gemini_family, "", random_.next());
      case ReasoningOrigin::openai: return "gAAAA/+" + std::to_string(random_.below(1000)) + "==";
      case ReasoningOrigin::unknown:
      case ReasoningOrigin::anthropic: break;
    }
    return simulator::signature_of(simulator::claude_family, text, random_.next());
  }

  std::string draw_call_id(std::uint64_t number) {
    const std::string digits = std::to_string(request_.parts.size()) + "_" + std::to_string(number);
    switch (random_.below(8)) {
      case 0: return "toolu:" + digits;  // letters that some refuse
      case 1: return "toolu/" + digits;  // ... which must not become the same
      case 2: return "chatcmpl-tool-é" + digits;
      case 3: return "call_" + std::string(70, 'x') + digits;
      default: return "call_" + digits;
    }
  }

  void draw_calls() {
    const std::uint64_t count = 1 + (random_.chance(0.4) ? random_.below(4) : 0);
    std::vector<std::string> ids;
    for (std::uint64_t i = 0; i < count; ++i) {
      ids.push_back(draw_call_id(i));
      ToolCall call{.id = keep(ids.back())};
      const bool known = !request_.tools.empty() && random_.chance(0.9);
      const Tool* tool = known ? &pick(random_, request_.tools) : nullptr;
      call.is_custom = tool != nullptr && tool->kind == ToolKind::custom;
      call.name = tool != nullptr ? tool->name : Text{.bytes = "gone_tool"};
      call.arguments = call.is_custom ? keep(texts_.draw_words(4))
                                      : keep(std::string(pick(random_, argument_texts)));
      // The simulator signs the name that it is told, so it must be one that nobody changes.
      const std::string name = plain(call.name);
      const bool kept =
          name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == name.npos;
      if (kept && name.size() < 60 && name.front() > '9' && random_.chance(0.2)) {
        call.signature =
            keep(simulator::signature_of(simulator::gemini_family, name, random_.next()));
      }
      add(call);
    }
    draw_results(std::move(ids));
  }

  // In any order, in one message or several, with a word of the user's behind them or not.
  void draw_results(std::vector<std::string> ids) {
    if (random_.chance(0.03)) say(Role::system, 's');
    bool open = false;
    while (!ids.empty()) {
      const std::size_t at = random_.chance(0.7) ? 0 : random_.below(ids.size());
      if (!open || random_.chance(0.5)) begin(Role::user);
      open = true;
      ToolResult result{.call_id = keep(ids[at]),
                        .is_error = random_.chance(0.15),
                        .first_child = static_cast<std::uint32_t>(request_.result_parts.size())};
      ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at));
      const std::uint64_t children = random_.chance(0.8) ? 1 : random_.below(4);
      for (std::uint64_t i = 0; i < children; ++i) {
        Part child{.body = TextPart{.text = draw_text('r')}, .cache = draw_mark()};
        if (random_.chance(0.1)) child.body = draw_image();
        request_.result_parts.push_back(std::move(child));
      }
      result.child_count = static_cast<std::uint32_t>(children);
      add(result);
    }
    if (random_.chance(0.2)) add(TextPart{.text = draw_text('u')});
  }

  // --- media ---

  MediaPart draw_image() {
    constexpr std::array<std::string_view, 4> types = {"image/png", "image/jpeg", "image/gif",
                                                       "image/webp"};
    MediaPart media{.data = keep("aW1hZ2U" + std::to_string(1000 + random_.below(9000)) + "A"),
                    .media_type = keep(std::string(pick(random_, types)))};
    if (random_.chance(0.25)) media.detail = keep(random_.chance(0.5) ? "low" : "high");
    return media;
  }
  MediaPart draw_media() {
    const std::string number = std::to_string(1000 + random_.below(9000));
    switch (random_.below(12)) {
      case 0:
        return {.source = MediaSource::url, .data = keep("https://example.org/" + number + ".png")};
      case 1:
      case 2:
        return {.kind = MediaKind::document,
                .data = keep("JVBERi0" + number + "A"),
                .media_type = {.bytes = "application/pdf"},
                .name = random_.chance(0.5) ? keep("report " + number + ".pdf") : Text{}};
      case 3:
        return {.kind = MediaKind::document,
                .source = MediaSource::text,
                .data = keep(texts_.draw('u')),
                .media_type = {.bytes = "text/plain"}};
      case 4:
        return {.kind = MediaKind::document,
                .source = MediaSource::url,
                .data = keep("https://example.org/" + number + ".pdf")};
      case 5:
        if (!random_.chance(0.3)) return draw_image();
        return {.kind = MediaKind::audio,
                .data = keep("UklGRkE" + number + "A"),
                .media_type = {.bytes = "audio/wav"}};
      case 6:
        if (!random_.chance(0.2)) return draw_image();
        return {.kind = MediaKind::document,
                .source = MediaSource::file_id,
                .data = keep("file-" + number)};
      default: return draw_image();
    }
  }

  // --- how to answer ---

  void draw_output() {
    if (!random_.chance(0.2)) return;
    OutputFormat& output = request_.output;
    output.kind = random_.chance(0.3) ? OutputKind::json_object : OutputKind::json_schema;
    if (output.kind == OutputKind::json_object) return;
    output.schema = schemas[random_.below(schemas.size() - 1)];
    if (random_.chance(0.7)) output.name = keep("answer_" + std::to_string(random_.below(10)));
    if (random_.chance(0.3)) output.description = keep(texts_.draw_words(5));
    if (random_.chance(0.5)) output.strict = random_.chance(0.6);
  }

  void draw_reasoning() {
    ReasoningWanted& wanted = request_.reasoning;
    wanted.hidden = random_.chance(0.3);
    switch (random_.below(8)) {
      case 0: wanted.effort = static_cast<Effort>(random_.below(7)); break;
      case 1:
        wanted.enabled = true;
        wanted.tokens_max = 1024 + random_.below(40'000);
        break;
      case 2: wanted.enabled = random_.chance(0.5); break;
      case 3:
        wanted.effort = static_cast<Effort>(1 + random_.below(6));
        wanted.enabled = true;
        break;
      default: break;
    }
  }

  std::optional<Number> number_of(double odds, std::initializer_list<std::string_view> spelled) {
    if (!random_.chance(odds)) return std::nullopt;
    const std::string_view raw = *(spelled.begin() + random_.below(spelled.size()));
    return Number{.raw = raw, .value = std::stod(std::string(raw))};
  }

  void draw_sampling() {
    request_.temperature = number_of(0.3, {"0", "0.2", "0.70", "1", "1.0", "1.5", "2", "7e-1"});
    request_.top_p = number_of(0.2, {"0.1", "0.9", "0.95", "1", "0.990"});
    request_.top_k = number_of(0.1, {"1", "40", "64"});
    request_.presence_penalty = number_of(0.1, {"0", "0.5", "-1.25", "2"});
    request_.frequency_penalty = number_of(0.1, {"0", "0.5", "-1.25", "2"});
    request_.seed = number_of(0.1, {"0", "42", "123456789"});
    if (random_.chance(0.5))
      request_.output_tokens_max = 1 + random_.below(random_.chance(0.5) ? 100 : 9000);
    if (random_.chance(0.02)) request_.choices = 2 + static_cast<std::uint32_t>(random_.below(3));
    if (random_.chance(0.02)) {
      request_.logprobs = true;
      if (random_.chance(0.5)) request_.top_logprobs = static_cast<std::uint32_t>(random_.below(6));
    }
    const std::uint64_t stops = random_.chance(0.8) ? 0 : 1 + random_.below(6);
    for (std::uint64_t i = 0; i < stops; ++i) {
      request_.stop.push_back(
          keep(random_.chance(0.1) ? " \n" : "STOP" + std::to_string(i) + "\"\n"));
    }
  }

  void draw_labels() {
    if (random_.chance(0.1)) request_.user = keep("user-" + texts_.draw_words(1));
    constexpr std::array<std::string_view, 6> tiers = {"auto",     "default", "standard_only",
                                                       "priority", "flex",    "scale"};
    if (random_.chance(0.1)) request_.service_tier = keep(std::string(pick(random_, tiers)));
    if (random_.chance(0.05)) request_.prompt_cache_key = keep("key-1");
    if (random_.chance(0.05)) request_.cache = CacheMark::five_minutes;
    constexpr std::array<std::string_view, 3> labels = {R"({"team":"a"})", R"({"user_id":"u9"})",
                                                        R"({"a":"1","b":"2 \"x\""})"};
    if (random_.chance(0.1)) request_.metadata = pick(random_, labels);
    if (random_.chance(0.05))
      request_.others.push_back({.name = {.bytes = "logit_bias"}, .value = R"({"50256":-100})"});
    if (random_.chance(0.05))
      request_.others.push_back({.name = {.bytes = "verbosity"}, .value = R"("low")"});
    if (random_.chance(0.05))
      request_.others.push_back({.name = {.bytes = "unheard_of"}, .value = R"([1,{"a":2}])"});
  }

  Random random_;
  TextDrawer texts_;
  ChatRequest request_;
};

}  // namespace

std::string TextDrawer::draw_words(std::size_t pieces_max) {
  constexpr std::array<std::string_view, 14> pieces = {
      "word", " ",      "two words", "\n", "\"quoted\"", "\\",   "{\"a\":1}",
      "é",    "日本語", "😀",        "\t", "</tag>",     "\x7f", "x"};
  std::string out;
  const std::uint64_t count = 1 + random_.below(pieces_max);
  for (std::uint64_t i = 0; i < count; ++i) out += pieces[random_.below(pieces.size())];
  return out + "w";
}

std::string TextDrawer::draw(char speaker) {
  std::string out = "<<";
  out += speaker;
  out += std::to_string(number_++) + ":";
  out += draw_words(8);
  return out + ":>>";
}

ChatRequest draw_chat(std::uint64_t seed) { return ChatDrawer(seed).run(); }

}  // namespace sluice::llm::testing
