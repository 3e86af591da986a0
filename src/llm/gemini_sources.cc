#include "gemini_sources.h"

#include <algorithm>
#include <string>
#include <vector>

#include "sluice/json/text.h"
#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using json::Value;

// A hostile list repeats one long address without end.
constexpr std::size_t citations_max = 1'000;
constexpr std::size_t address_bytes_max = 8'192;

// Characters in front of a byte of a text: counted once for every block, then within one.
class CharacterCounts {
 public:
  explicit CharacterCounts(std::string_view text) : text_(text) {
    for (std::size_t at = 0; at < text.size(); at += block_bytes) {
      blocks_.push_back(count_);
      count_ += count(text.substr(at, block_bytes));
    }
  }
  [[nodiscard]] std::uint64_t before(std::uint64_t byte) const {
    if (byte >= text_.size()) return count_;
    const std::size_t block = byte / block_bytes;
    const std::size_t begin = block * block_bytes;
    return blocks_[block] + count(text_.substr(begin, byte - begin));
  }

 private:
  static constexpr std::size_t block_bytes = 256;
  static std::uint64_t count(std::string_view text) {
    return static_cast<std::uint64_t>(std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
  }
  std::string_view text_;
  std::vector<std::uint64_t> blocks_;
  std::uint64_t count_ = 0;
};

struct Source {
  json::Text uri = {};
  json::Text title = {};
};

json::Text text_of(std::optional<Value> value) {
  return value ? json::raw_text(*value) : json::Text{};
}

std::vector<Source> read_sources(Value chunks) {
  std::vector<Source> sources;
  for (const Value chunk : chunks.elements()) {
    Source source;
    for (const json::Member member : chunk.members()) {  // web, retrievedContext, maps
      if (source.uri.empty()) {
        source = {.uri = text_of(member.value.find("uri")),
                  .title = text_of(member.value.find("title"))};
      }
    }
    if (source.uri.bytes.size() > address_bytes_max) source.uri = {};
    if (source.title.bytes.size() > address_bytes_max) source.title = {};
    sources.push_back(source);
  }
  return sources;
}

std::uint64_t offset_of(std::optional<Value> value) {
  const std::int64_t offset = value ? value->integer().value_or(0) : 0;
  return offset < 0 ? 0 : static_cast<std::uint64_t>(offset);
}

class Teller {
 public:
  Teller(std::optional<std::string_view> text, std::uint32_t choice, ChatSink& sink)
      : choice_(choice), sink_(sink) {
    if (text) counts_.emplace(*text);
  }

  // {"segment":{"startIndex":0,"endIndex":9},"groundingChunkIndices":[0,2]}
  void tell(Value support, const std::vector<Source>& sources) {
    const auto segment = support.find("segment");
    const auto indices = support.find("groundingChunkIndices");
    if (!segment || !indices) return;
    const std::uint64_t start = offset_of(segment->find("startIndex"));  // left out: 0
    const std::uint64_t end = offset_of(segment->find("endIndex"));
    for (const Value element : indices->elements()) {
      const std::uint64_t index = offset_of(element);
      if (index >= sources.size() || sources[index].uri.empty()) continue;
      if (told_++ == citations_max) return;
      tell_one(sources[index], start, end);
    }
  }
  [[nodiscard]] bool full() const noexcept { return told_ >= citations_max; }

 private:
  void tell_one(const Source& source, std::uint64_t start, std::uint64_t end) {
    json_.clear();
    json::Writer writer(json_);
    writer.begin_object().key("type").string("url_citation").key("url_citation").begin_object();
    if (counts_) {
      writer.key("start_index").unsigned_integer(counts_->before(start));
      writer.key("end_index").unsigned_integer(counts_->before(end));
    }
    writer.key("url").text(source.uri).key("title").text(source.title);
    writer.end_object().end_object();
    sink_.take({.kind = ChatEventKind::citation, .choice = choice_, .json = json_});
  }

  std::optional<CharacterCounts> counts_;
  std::uint32_t choice_;
  ChatSink& sink_;
  std::string json_;
  std::size_t told_ = 0;
};

}  // namespace

void tell_gemini_sources(Value metadata, std::optional<std::string_view> text, std::uint32_t choice,
                         ChatSink& sink) {
  const auto chunks = metadata.find("groundingChunks");
  const auto supports = metadata.find("groundingSupports");
  if (!chunks || !supports) return;
  const std::vector<Source> sources = read_sources(*chunks);
  Teller teller(text, choice, sink);
  for (const Value support : supports->elements()) {
    if (teller.full()) return;
    teller.tell(support, sources);
  }
}

}  // namespace sluice::llm
