#include "sluice/llm/gemini_call.h"

#include <algorithm>
#include <string>
#include <utility>

#include "dropped_names.h"
#include "gemini_draft.h"
#include "path_segment.h"
#include "sluice/json/value.h"
#include "sluice/llm/vertex_target.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

std::string path_of(const ChatRequest& request, const ChatTarget& target) {
  if (target.on_vertex) {
    return vertex_target(target.traits.publisher, target.upstream_model, request.stream);
  }
  std::string out = "/models/";
  append_path_segment(out, target.upstream_model);
  out += request.stream ? ":streamGenerateContent?alt=sse" : ":generateContent";
  return out;
}

// Google's labels: short, of small letters, digits, _ and -.
bool is_label(std::string_view text) {
  return text.size() <= 63 && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

bool are_labels(Value metadata) {
  std::string scratch;
  std::string value_scratch;
  for (const json::Member member : metadata.members()) {
    const std::string_view key = member.key.unescaped(scratch);
    const bool good = !key.empty() && key.front() >= 'a' && key.front() <= 'z' && is_label(key) &&
                      member.value.is(Kind::string) &&
                      is_label(member.value.unescaped(value_scratch));
    if (!good) return false;
  }
  return true;
}

void write_metadata(GeminiDraft& draft, json::Writer& writer) {
  const std::string_view metadata = draft.request.metadata;
  if (metadata.empty() || metadata == "{}") return;
  if (draft.on_vertex() && draft.index.build(metadata) && are_labels(json::root(draft.index))) {
    writer.key("labels").raw(metadata);
  } else {
    draft.drop("metadata");
  }
}

void write_service_tier(GeminiDraft& draft, json::Writer& writer) {
  const json::Text tier = draft.request.service_tier;
  if (tier.empty() || tier.equals("auto")) return;
  if (tier.equals("flex") || tier.equals("priority")) {
    writer.key("serviceTier").text(tier);
  } else if (tier.equals("default") || tier.equals("standard")) {
    writer.key("serviceTier").string("standard");
  } else {
    draft.drop("service_tier");
  }
}

void write_rest(GeminiDraft& draft, json::Writer& writer) {
  const GeminiExtras& extras = draft.extras;
  if (!extras.safety_settings.empty()) writer.key("safetySettings").raw(extras.safety_settings);
  if (!extras.cached_content.empty()) writer.key("cachedContent").raw(extras.cached_content);
  write_service_tier(draft, writer);
  write_metadata(draft, writer);
  if (!draft.request.user.empty()) draft.drop("user");
  if (!draft.request.prompt_cache_key.empty()) draft.drop("prompt_cache_key");
  if (draft.request.cache != CacheMark::none) draft.drop("cache_control");
}

Refusal write_body(GeminiDraft& draft) {
  json::Writer writer(draft.call.body);
  writer.begin_object();
  if (auto refusal = read_gemini_extras(draft)) return refusal;
  if (auto refusal = write_gemini_contents(draft, writer)) return refusal;
  if (auto refusal = write_gemini_tools(draft, writer)) return refusal;
  if (auto refusal = write_gemini_config(draft, writer)) return refusal;
  write_rest(draft, writer);
  writer.end_object();
  return std::nullopt;
}

}  // namespace

void GeminiDraft::drop(std::string_view field) { add_dropped(call.dropped, field); }

WrittenCall write_gemini_call(const ChatRequest& request, const ChatTarget& target,
                              json::Index& scratch) {
  GeminiDraft draft(request, target, scratch);
  if (auto refusal = write_body(draft)) return std::unexpected(std::move(*refusal));
  ChatCall& call = draft.call;
  call.target = path_of(request, target);
  call.asked.renamed_tools = draft.names.renamed();
  return std::move(call);
}

}  // namespace sluice::llm
