#include "sluice/llm/gemini_call.h"

#include <algorithm>
#include <string>
#include <utility>

#include "dropped_names.h"
#include "gemini_draft.h"
#include "sluice/json/value.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// One segment of a path (RFC 3986 3.3), colons encoded: behind one stands the method.
void append_segment(std::string& out, std::string_view text) {
  constexpr std::string_view plain = "-._~@";
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || plain.find(c) != plain.npos;
    if (is_plain) {
      out += c;
      continue;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
}

std::string path_of(const ChatRequest& request, const ChatTarget& target) {
  std::string out;
  if (!target.traits.publisher.empty()) {
    out += "/publishers/";
    append_segment(out, target.traits.publisher);
  }
  out += "/models/";
  append_segment(out, target.upstream_model);
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
