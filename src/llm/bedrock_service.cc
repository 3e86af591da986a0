// What a Converse request says to the service, not to the model, and what it cannot say at all.
#include <algorithm>
#include <array>
#include <utility>

#include "bedrock_writing.h"
#include "dropped_names.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t metadata_count_max = 16;
constexpr std::size_t metadata_bytes_max = 256;
constexpr std::string_view metadata_signs = " :_@$#=/+,-.";  // beside letters and digits

// [a-zA-Z0-9\s:_@$#=/+,-.]{0,256}, of keys not empty.
bool is_metadata(std::string_view text) {
  return text.size() <= metadata_bytes_max && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  metadata_signs.find(c) != metadata_signs.npos;
         });
}

const OtherMember* find_other(const ChatRequest& request, std::string_view name) {
  const auto place = std::ranges::find_if(
      request.others, [name](const OtherMember& other) { return other.name.equals(name); });
  return place == request.others.end() ? nullptr : &*place;
}

// Labels for the invocation's log. Those that Converse would refuse are left out.
void write_metadata(BedrockWriting& writing, json::Writer& out) {
  const ChatRequest& request = writing.request;
  if (const OtherMember* own = find_other(request, "requestMetadata")) {
    out.key("requestMetadata").raw(own->value);
    return;
  }
  std::vector<std::pair<std::string, std::string>> labels;
  std::string scratch;
  if (!request.metadata.empty() && writing.scratch.build(request.metadata)) {
    for (const json::Member member : json::root(writing.scratch).members()) {
      const std::string key(member.key.unescaped(scratch));
      const auto value = member.value.string();
      const bool fits = labels.size() < metadata_count_max && value && is_metadata(*value) &&
                        !key.empty() && is_metadata(key);
      if (fits) {
        labels.emplace_back(key, *value);
      } else {
        writing.drop("metadata");
      }
    }
  }
  if (!request.user.empty()) {
    const std::string user(request.user.plain(scratch));
    if (is_metadata(user) && labels.size() < metadata_count_max) {
      labels.emplace_back("user", user);
    } else {
      writing.drop("user");
    }
  }
  if (labels.empty()) return;
  out.key("requestMetadata").begin_object();
  for (const auto& [key, value] : labels) out.key(key).string(value);
  out.end_object();
}

void write_service_tier(BedrockWriting& writing, json::Writer& out) {
  std::string scratch;
  const std::string_view tier = writing.request.service_tier.plain(scratch);
  if (tier.empty() || tier == "auto") return;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> tiers = {
      {{"default", "default"},
       {"standard_only", "default"},  // Anthropic's word
       {"flex", "flex"},
       {"priority", "priority"},
       {"reserved", "reserved"}}};
  for (const auto& [known, word] : tiers) {
    if (tier != known) continue;
    out.key("serviceTier").begin_object().key("type").string(word).end_object();
    return;
  }
  writing.drop("service_tier");
}

bool asks_for_audio(const ChatRequest& request, json::Index& scratch) {
  const OtherMember* modalities = find_other(request, "modalities");
  if (modalities == nullptr || !scratch.build(modalities->value)) return false;
  for (const Value modality : json::root(scratch).elements()) {
    if (modality.string_equals("audio")) return true;
  }
  return false;
}

// Members that say what is so anyway, or that this writer takes.
bool is_silent(const OtherMember& other) {
  constexpr std::array<std::string_view, 6> names = {
      "modalities",  // of text, once audio is refused
      "stream_options",   "additionalModelRequestFields", "requestMetadata", "guardrailConfig",
      "performanceConfig"};
  return std::ranges::any_of(names,
                             [&other](std::string_view name) { return other.name.equals(name); });
}

}  // namespace

void BedrockWriting::drop(std::string_view name) { add_dropped(call.dropped, name); }

void write_service_fields(BedrockWriting& writing, json::Writer& out) {
  write_metadata(writing, out);
  write_service_tier(writing, out);
  for (const std::string_view name : {"performanceConfig", "guardrailConfig"}) {
    if (const OtherMember* own = find_other(writing.request, name)) out.key(name).raw(own->value);
  }
}

void refuse_or_drop(BedrockWriting& writing) {
  const ChatRequest& request = writing.request;
  if (request.choices > 1) {
    writing.fail(errors::field_invalid("n",
                                       "This model gives one answer per request: leave n out, or "
                                       "send several requests."));
  }
  if (request.logprobs || request.top_logprobs.value_or(0) > 0) {
    writing.fail(errors::field_invalid(
        "logprobs",
        "This model's provider, Amazon Bedrock, tells no log probabilities: leave "
        "logprobs out, or use another model."));
  }
  if (asks_for_audio(request, writing.scratch)) {
    writing.fail(errors::field_invalid(
        "modalities",
        "This model answers in text alone: leave \"audio\" out, or use another "
        "model."));
  }
  if (request.presence_penalty) writing.drop("presence_penalty");
  if (request.frequency_penalty) writing.drop("frequency_penalty");
  if (request.seed) writing.drop("seed");
  if (!request.prompt_cache_key.empty()) writing.drop("prompt_cache_key");
  const bool one_call_only = request.tool_choice.parallel == false && !request.tools.empty();
  if (one_call_only && writing.maker != BedrockMaker::anthropic) {
    writing.drop("parallel_tool_calls");
  }
  std::string scratch;
  for (const OtherMember& other : request.others) {
    if (!is_silent(other)) writing.drop(other.name.plain(scratch));
  }
}

}  // namespace sluice::llm
