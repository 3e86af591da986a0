#include "sluice/llm/answer_tag.h"

#include <string>
#include <utility>

#include "sluice/json/index.h"
#include "sluice/json/writer.h"

namespace sluice::llm {

TagPlace find_tag_place(json::Value answer) {
  TagPlace place;
  std::size_t offset = answer.span().offset + 1;
  std::string scratch;
  for (const json::Member member : answer.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "request_id") place.has_request_id = true;
    if (name == "provider") place.has_provider = true;
    offset = member.value.span().end();
    place.behind_member = true;
  }
  place.bytes_behind = answer.index().text().size() - offset;
  return place;
}

json::Splice tag_answer(const TagPlace& place, std::size_t answer_bytes,
                        std::string_view request_id, std::string_view provider) {
  std::string added;
  added.reserve(64 + request_id.size() + provider.size());
  const auto add = [&](std::string_view name, std::string_view value) {
    if (place.behind_member || !added.empty()) added += ',';
    added += name;
    json::append_quoted(added, value);
  };
  if (!place.has_request_id) add("\"request_id\":", request_id);
  if (!place.has_provider) add("\"provider\":", provider);
  json::Splice splice;
  if (!added.empty()) {
    splice.insert(answer_bytes - place.bytes_behind, Slice::take(std::move(added)));
  }
  return splice;
}

}  // namespace sluice::llm
