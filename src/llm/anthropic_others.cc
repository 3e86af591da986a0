// What a Messages request says to the service, not to the model, and what it cannot say at all.
#include <algorithm>
#include <array>

#include "anthropic_draft.h"
#include "dropped_names.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::array<std::string_view, 5> own_members = {
    "container", "mcp_servers", "context_management", "inference_geo", "speed"};

bool is_one_of(json::Text name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view known) { return name.equals(known); });
}

bool asks_for_audio(AnthropicDraft& draft) {
  const OtherMember* modalities = find_other(draft.request, "modalities");
  if (modalities == nullptr || !draft.scratch.build(modalities->value)) return false;
  for (const Value modality : json::root(draft.scratch).elements()) {
    if (modality.string_equals("audio")) return true;
  }
  return false;
}

// Members that say what is so anyway, or that are written elsewhere.
bool is_silent(const OtherMember& other) {
  constexpr std::array<std::string_view, 3> names = {
      "modalities",  // of text, once audio is refused
      "stream_options", "web_search_options"};
  return is_one_of(other.name, names) || is_one_of(other.name, own_members) ||
         other.value == "null";
}

bool is_blank(json::Text text) {
  std::string scratch;
  return text.plain(scratch).find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

void write_stop(AnthropicDraft& draft, json::Writer& out) {
  const std::vector<json::Text>& stop = draft.request.stop;
  const auto blank = static_cast<std::size_t>(std::ranges::count_if(stop, is_blank));
  if (blank != 0) draft.drop("stop");  // those of blanks alone
  if (blank == stop.size()) return;
  out.key("stop_sequences").begin_array();
  for (const json::Text sequence : stop) {
    if (!is_blank(sequence)) out.text(sequence);
  }
  out.end_array();
}

// Of labels Anthropic knows one.
void write_metadata(AnthropicDraft& draft, json::Writer& out) {
  const ChatRequest& request = draft.request;
  std::string user;
  json::append_plain(user, request.user);
  if (!request.metadata.empty() && draft.scratch.build(request.metadata)) {
    for (const json::Member label : json::root(draft.scratch).members()) {
      if (!label.key.string_equals("user_id")) {
        draft.drop("metadata");
      } else if (user.empty()) {
        user = label.value.string().value_or("");
      }
    }
  }
  if (user.empty()) return;
  out.key("metadata").begin_object().key("user_id").string(user).end_object();
}

void write_service_tier(AnthropicDraft& draft, json::Writer& out) {
  std::string scratch;
  const std::string_view tier = draft.request.service_tier.plain(scratch);
  if (tier.empty()) return;
  if (tier == "auto") {
    out.key("service_tier").string("auto");
  } else if (tier == "default" || tier == "standard_only") {
    out.key("service_tier").string("standard_only");
  } else {
    draft.drop("service_tier");
  }
}

}  // namespace

void AnthropicDraft::drop(std::string_view name) { add_dropped(call.dropped, name); }

const OtherMember* find_other(const ChatRequest& request, std::string_view name) {
  const auto place = std::ranges::find_if(
      request.others, [name](const OtherMember& other) { return other.name.equals(name); });
  return place == request.others.end() || place->value == "null" ? nullptr : &*place;
}

void refuse_or_drop(AnthropicDraft& draft) {
  const ChatRequest& request = draft.request;
  if (request.choices > 1) {
    draft.refuse("n",
                 "This model gives one answer per request: leave n out, or send several "
                 "requests.");
  }
  if (request.logprobs || request.top_logprobs.value_or(0) > 0) {
    draft.refuse("logprobs",
                 "This model tells no log probabilities: leave logprobs out, or use another "
                 "model.");
  }
  if (asks_for_audio(draft)) {
    draft.refuse("modalities",
                 "This model answers in text alone: leave \"audio\" out, or use another model.");
  }
  if (request.presence_penalty && request.presence_penalty->value != 0) {
    draft.drop("presence_penalty");
  }
  if (request.frequency_penalty && request.frequency_penalty->value != 0) {
    draft.drop("frequency_penalty");
  }
  if (request.seed) draft.drop("seed");
  if (!request.prompt_cache_key.empty()) draft.drop("prompt_cache_key");
  std::string scratch;
  for (const OtherMember& other : request.others) {
    if (!is_silent(other)) draft.drop(other.name.plain(scratch));
  }
}

// {"search_context_size":..,"user_location":{"type":"approximate","approximate":{"city":..}}}
void write_web_search(AnthropicDraft& draft, const OtherMember& options, json::Writer& out) {
  constexpr std::array<std::string_view, 4> places = {"city", "region", "country", "timezone"};
  out.begin_object().key("type").string("web_search_20250305").key("name").string("web_search");
  if (draft.scratch.build(options.value)) {
    const auto location = json::root(draft.scratch).find("user_location");
    const auto place = location ? location->find("approximate") : std::nullopt;
    if (place && place->is(Kind::object) && !place->is_empty()) {
      out.key("user_location").begin_object().key("type").string("approximate");
      for (const std::string_view name : places) {
        const auto value = place->find(name);
        if (value && value->is(Kind::string)) out.key(name).text(json::raw_text(*value));
      }
      out.end_object();
    }
  }
  out.end_object();
}

void write_settings(AnthropicDraft& draft, json::Writer& out) {
  write_stop(draft, out);
  write_metadata(draft, out);
  write_service_tier(draft, out);
  for (const std::string_view name : own_members) {
    if (const OtherMember* own = find_other(draft.request, name)) out.key(name).raw(own->value);
  }
}

}  // namespace sluice::llm
