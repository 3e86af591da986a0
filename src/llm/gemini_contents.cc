// The conversation in a Gemini call.
#include <algorithm>
#include <string>
#include <vector>

#include "gemini_draft.h"
#include "sluice/json/value.h"
#include "sluice/json/writer.h"
#include "sluice/llm/chat_turns.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Text;

// "skip_thought_signature_validator" in base64, which is how it was recorded to be taken: for calls
// that another model made, of which no signature can be had.
constexpr std::string_view no_signature = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

template <typename Body>
const Body* as(const Part* part) {
  return std::get_if<Body>(&part->body);
}

bool is_blank(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

class Contents {
 public:
  Contents(GeminiDraft& draft, json::Writer& writer) : draft_(draft), writer_(writer) {}

  Refusal write(const Turns& turns) {
    write_system(turns.system);
    writer_.key("contents").begin_array();
    const std::size_t loop = running_loop(turns.turns);
    for (std::size_t at = 0; at < turns.turns.size(); ++at) {
      const Turn& turn = turns.turns[at];
      const bool signs = draft_.traits.signs_calls && at > loop;
      if (auto refusal =
              turn.role == Role::assistant ? write_model(turn, signs) : write_user(turn)) {
        return refusal;
      }
      end_content();
    }
    writer_.end_array();
    return std::nullopt;
  }

 private:
  void write_system(const std::vector<const Part*>& system) {
    if (system.empty()) return;
    writer_.key("systemInstruction").begin_object().key("parts").begin_array();
    for (const Part* part : system) {
      note_cache(part);
      writer_.begin_object().key("text").text(as<TextPart>(part)->text).end_object();
    }
    writer_.end_array().end_object();
  }

  // Of thoughts of other makers' models nothing is written, nor of sealed ones.
  static bool is_said(const Turn& turn) {
    return std::ranges::any_of(turn.parts, [](const Part* part) {
      const auto* thought = as<ReasoningPart>(part);
      return thought == nullptr || (thought->origin == ReasoningOrigin::google &&
                                    (!thought->text.empty() || !thought->signature.empty()));
    });
  }

  // The user's turn that began what goes on now: the last one that brings no results. Google checks
  // the signatures of all calls behind it. Where nothing is written between results and words, they
  // are one turn.
  static std::size_t running_loop(const std::vector<Turn>& turns) {
    std::size_t loop = 0;
    bool results = false;  // brought by the user's turn that is being looked at
    for (std::size_t at = 0; at < turns.size(); ++at) {
      if (turns[at].role == Role::assistant) {
        if (is_said(turns[at])) results = false;
        continue;
      }
      results = results || std::ranges::any_of(turns[at].parts, [](const Part* part) {
                  return as<ToolResult>(part) != nullptr;
                });
      if (!results) loop = at;
    }
    return loop;
  }

  // A content is begun with its first part: of a turn nothing may be left.
  json::Writer& begin_part(std::string_view role) {
    if (!in_content_) {
      writer_.begin_object().key("role").string(role).key("parts").begin_array();
      in_content_ = true;
    }
    return writer_.begin_object();
  }
  void end_content() {
    if (in_content_) writer_.end_array().end_object();
    in_content_ = false;
  }

  void note_cache(const Part* part) {
    if (part->cache != CacheMark::none) draft_.drop("cache_control");
  }

  // --- the model's turns ---

  Refusal write_model(const Turn& turn, bool signs) {
    calls_.clear();
    Text signature;  // of the text that follows
    for (std::size_t at = 0; at < turn.parts.size(); ++at) {
      const Part* part = turn.parts[at];
      note_cache(part);
      if (const auto* text = as<TextPart>(part)) {
        write_text(text->text, std::exchange(signature, {}));
      } else if (const auto* refusal = as<RefusalPart>(part)) {
        write_text(refusal->text, std::exchange(signature, {}));
      } else if (const auto* thought = as<ReasoningPart>(part)) {
        const bool text_follows = at + 1 < turn.parts.size() && as<TextPart>(turn.parts[at + 1]);
        signature = write_thought(*thought, text_follows);
      } else if (const auto* call = as<ToolCall>(part)) {
        const bool must_sign = signs && calls_.empty();
        if (auto refused = write_call(*call, must_sign)) return refused;
        calls_.push_back(call);
      } else if (const auto* media = as<MediaPart>(part)) {
        if (auto refused = write_media(*media, "model")) return refused;
      }
    }
    return std::nullopt;
  }

  void write_text(Text text, Text signature) {
    begin_part("model").key("text").text(text);
    write_signature(signature);
    writer_.end_object();
  }

  void write_signature(Text signature) {
    if (!signature.empty()) writer_.key("thoughtSignature").text(signature);
  }

  // Returns the signature that belongs to the text that follows. Thoughts of other makers' models
  // are left out.
  Text write_thought(const ReasoningPart& thought, bool text_follows) {
    if (thought.origin != ReasoningOrigin::google) return {};
    const Text own_signature = text_follows ? Text{} : thought.signature;
    if (!thought.text.empty() || !own_signature.empty()) {
      begin_part("model").key("text").text(thought.text);
      if (!thought.text.empty()) writer_.key("thought").boolean(true);
      write_signature(own_signature);
      writer_.end_object();
    }
    return text_follows ? thought.signature : Text{};
  }

  Refusal write_call(const ToolCall& call, bool must_sign) {
    begin_part("model").key("functionCall").begin_object();
    if (draft_.traits.takes_call_ids && !call.id.empty()) writer_.key("id").text(call.id);
    writer_.key("name").text(draft_.names.sent(call.name)).key("args");
    if (auto refusal = write_arguments(call)) return refusal;
    writer_.end_object();
    const bool unsigned_call = call.signature.empty() && must_sign;
    write_signature(unsigned_call ? Text{.bytes = no_signature} : call.signature);
    writer_.end_object();
    return std::nullopt;
  }

  Refusal write_arguments(const ToolCall& call) {
    if (call.is_custom) {
      writer_.begin_object().key("input").text(call.arguments).end_object();
      return std::nullopt;
    }
    std::string scratch;
    const std::string_view text = call.arguments.plain(scratch);
    if (is_blank(text)) {
      writer_.raw("{}");
      return std::nullopt;
    }
    const auto built = draft_.index.build(text);
    if (built && json::root(draft_.index).is(Kind::object)) {
      writer_.raw(json::root(draft_.index).raw());
    } else if (built && json::root(draft_.index).is_null()) {
      writer_.raw("{}");
    } else {
      return errors::field_invalid(
          "messages",
          "The arguments of the tool call \"" + quotable(call.name.plain(scratch), 64) +
              "\" are no JSON object. Send them whole, or leave the call and its result "
              "out.");
    }
    return std::nullopt;
  }

  // --- the user's turns ---

  Refusal write_user(const Turn& turn) {
    std::vector<const MediaPart*> shown;
    std::size_t results = 0;
    for (const Part* part : turn.parts) {
      const auto* result = as<ToolResult>(part);
      if (result == nullptr) break;
      note_cache(part);
      // They stand in the order of their calls, one for each.
      const ToolCall* const call = results < calls_.size() ? calls_[results] : nullptr;
      write_result(*result, call, shown);
      ++results;
    }
    calls_.clear();
    // Beside results Google wants nothing else.
    if (results > 0) end_content();
    for (const MediaPart* media : shown) {
      if (auto refusal = write_media(*media, "user")) return refusal;
    }
    for (const Part* part : std::span(turn.parts).subspan(results)) {
      note_cache(part);
      if (const auto* text = as<TextPart>(part)) {
        begin_part("user").key("text").text(text->text).end_object();
      } else if (const auto* media = as<MediaPart>(part)) {
        if (auto refusal = write_media(*media, "user")) return refusal;
      }
    }
    return std::nullopt;
  }

  Refusal write_media(const MediaPart& media, std::string_view role) {
    if (!media.detail.empty() && !media.detail.equals("auto")) draft_.drop("image_url.detail");
    begin_part(role);
    if (auto refusal = write_gemini_media(media, writer_)) return refusal;
    writer_.end_object();
    return std::nullopt;
  }

  // Media that have no place inside are put into `shown`.
  void write_result(const ToolResult& result, const ToolCall* call,
                    std::vector<const MediaPart*>& shown) {
    begin_part("user").key("functionResponse").begin_object();
    if (draft_.traits.takes_call_ids && !result.call_id.empty()) {
      writer_.key("id").text(result.call_id);
    }
    writer_.key("name").text(draft_.names.sent(call != nullptr ? call->name : result.name));
    writer_.key("response");
    write_response(result);
    bool any_inside = false;
    for (const Part& part : draft_.request.parts_of(result)) {
      const auto* media = as<MediaPart>(&part);
      if (media == nullptr || media->source == MediaSource::text) continue;
      if (!draft_.traits.takes_media_in_results || media->source != MediaSource::base64) {
        shown.push_back(media);
        continue;
      }
      if (!any_inside) writer_.key("parts").begin_array();
      any_inside = true;
      writer_.begin_object();
      (void)write_gemini_media(*media, writer_);  // base64 is never refused
      writer_.end_object();
    }
    if (any_inside) writer_.end_array();
    writer_.end_object().end_object();
  }

  // An object as it is, all else as {"result":..}, errors as {"error":..}.
  void write_response(const ToolResult& result) {
    std::string joined;
    const Text text = text_of(result, joined);
    std::string scratch;
    const std::string_view plain = text.plain(scratch);
    const std::size_t start = plain.find_first_not_of(" \t\r\n");
    const bool may_be_json = start != plain.npos && (plain[start] == '{' || plain[start] == '[');
    const bool is_json = may_be_json && draft_.index.build(plain).has_value();
    if (is_json && json::root(draft_.index).is(Kind::object) && !result.is_error) {
      writer_.raw(json::root(draft_.index).raw());
      return;
    }
    writer_.begin_object().key(result.is_error ? "error" : "result");
    if (is_json) {
      writer_.raw(json::root(draft_.index).raw());
    } else {
      writer_.text(text);
    }
    writer_.end_object();
  }

  // Its texts, line by line; joined in `joined` only where there are several.
  Text text_of(const ToolResult& result, std::string& joined) const {
    Text only;
    std::size_t texts = 0;
    for (const Part& part : draft_.request.parts_of(result)) {
      const auto* said = as<TextPart>(&part);
      const auto* media = as<MediaPart>(&part);
      const bool is_document = media != nullptr && media->source == MediaSource::text;
      if (said == nullptr && !is_document) continue;
      const Text text = said != nullptr ? said->text : media->data;
      if (texts++ == 0) {
        only = text;
        continue;
      }
      if (texts == 2) json::append_plain(joined, only);
      joined += '\n';
      json::append_plain(joined, text);
    }
    return texts > 1 ? Text{.bytes = joined} : only;
  }

  GeminiDraft& draft_;
  json::Writer& writer_;
  std::vector<const ToolCall*> calls_;  // of the turn before
  bool in_content_ = false;
};

}  // namespace

Refusal write_gemini_contents(GeminiDraft& draft, json::Writer& writer) {
  auto turns = arrange_turns(draft.request, {});
  if (!turns) return std::move(turns.error());
  if (!draft.traits.takes_prefill && turns->turns.back().role == Role::assistant) {
    return errors::field_invalid("messages",
                                 "This model takes no conversation that ends with the assistant's "
                                 "words: end it with a user's message.");
  }
  return Contents(draft, writer).write(*turns);
}

}  // namespace sluice::llm
