// Of the blocks in the Anthropic dialect those that show something: images, documents, search
// results.
#include <string>

#include "anthropic_request_blocks.h"

namespace sluice::llm {

using json::Kind;
using json::Value;

bool AnthropicRequestBlocks::read_source(Value source, const FieldPath& path, MediaPart& media) {
  json::Text type;
  if (!need_text(source, "type", path, type)) return false;
  if (type.equals("base64")) {
    media.source = MediaSource::base64;
    return need_text(source, "media_type", path, media.media_type) &&
           need_text(source, "data", path, media.data);
  }
  if (type.equals("url")) {
    media.source = MediaSource::url;
    return need_text(source, "url", path, media.data);
  }
  if (type.equals("file")) {
    media.source = MediaSource::file_id;
    return need_text(source, "file_id", path, media.data);
  }
  if (type.equals("text") && media.kind == MediaKind::document) {
    media.source = MediaSource::text;
    return take_text(source, "media_type", path, media.media_type) &&
           need_text(source, "data", path, media.data);
  }
  return fail_value(FieldPath(path, "type"), media.kind == MediaKind::image
                                                 ? "it is base64, url or file."
                                                 : "it is base64, text, content, url or file.");
}

bool AnthropicRequestBlocks::read_image(Value block, const FieldPath& path, Parts& out) {
  MediaPart media{.kind = MediaKind::image};
  std::optional<Value> source;
  if (!need(block, "source", Kind::object, path, source) ||
      !read_source(*source, FieldPath(path, "source"), media)) {
    return false;
  }
  return add(block, path, {.body = media}, out);
}

bool AnthropicRequestBlocks::read_document(Value block, const FieldPath& path, Parts& out) {
  MediaPart media{.kind = MediaKind::document};
  json::Text context;
  std::optional<Value> source;
  if (!take_text(block, "title", path, media.name) || !take_text(block, "context", path, context) ||
      !need(block, "source", Kind::object, path, source)) {
    return false;
  }
  if (!context.empty()) out.push_back({.body = TextPart{.text = context}});
  const FieldPath source_path(path, "source");
  const auto type = source->find("type");
  if (type && type->string_equals("content")) {
    if (!media.name.empty()) out.push_back({.body = TextPart{.text = media.name}});
    return read_document_content(*source, source_path, out) &&
           (out.empty() || read_cache_mark(block, path, out.back().cache));
  }
  return read_source(*source, source_path, media) && add(block, path, {.body = media}, out);
}

// A document made of texts and images.
bool AnthropicRequestBlocks::read_document_content(Value source, const FieldPath& path,
                                                   Parts& out) {
  const auto content = source.find("content");
  if (!content) {
    return fail(errors::field_missing(FieldPath(path, "content").text(),
                                      "Give a string or an array of text and image blocks."));
  }
  if (content->is(Kind::string)) return read_nested(source, path, out);
  if (!content->is(Kind::array)) {
    return fail_type(FieldPath(path, "content"), "a string or an array", *content);
  }
  const FieldPath content_path(path, "content");
  std::size_t index = 0;
  for (const Value element : content->elements()) {
    const FieldPath element_path(content_path, index++);
    json::Text type;
    if (!be_object(element, element_path) || !need_text(element, "type", element_path, type)) {
      return false;
    }
    // Documents do not nest, so neither do we.
    if (type.equals("text")) {
      if (!read_text_block(element, element_path, out)) return false;
    } else if (type.equals("image")) {
      if (!read_image(element, element_path, out)) return false;
    } else {
      return fail_value(FieldPath(element_path, "type"), "it is text or image.");
    }
  }
  return true;
}

// "Ruby Facts", "https://example.com/ruby" and what was found there, a line for each.
bool AnthropicRequestBlocks::read_search_result(Value block, const FieldPath& path, Parts& out) {
  json::Text title;
  json::Text source;
  std::optional<Value> content;
  if (!take_text(block, "title", path, title) || !need_text(block, "source", path, source) ||
      !need(block, "content", Kind::array, path, content)) {
    return false;
  }
  std::string& text = request_.owned.emplace_back();
  json::append_plain(text, title);
  text += '\n';
  json::append_plain(text, source);
  text += '\n';
  const FieldPath content_path(path, "content");
  std::size_t index = 0;
  for (const Value element : content->elements()) {
    const FieldPath element_path(content_path, index++);
    json::Text found;
    if (!be_object(element, element_path) || !need_text(element, "text", element_path, found)) {
      return false;
    }
    text += '\n';
    json::append_plain(text, found);
  }
  return add(block, path, {.body = TextPart{.text = {.bytes = text}}}, out);
}

bool AnthropicRequestBlocks::read_tool_reference(Value block, const FieldPath& path, Parts& out) {
  TextPart part;
  return need_text(block, "tool_name", path, part.text) && add(block, path, {.body = part}, out);
}

}  // namespace sluice::llm
