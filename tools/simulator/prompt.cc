#include "simulator/prompt.h"

#include "simulator/text.h"

namespace sluice::simulator {

void Prompt::add(std::string_view text) {
  bytes_ += text.size();
  hash_ = mix(hash_ ^ seed_of(text)) + golden_ratio;
}

void Prompt::add_media(std::string_view data) {
  ++media_;
  hash_ = mix(hash_ ^ seed_of(data)) + golden_ratio;
}

void Prompt::end_block(Mark mark) { blocks_.push_back({hash_, tokens(), mark}); }

std::uint64_t Prompt::tokens() const noexcept { return tokens_of(bytes_) + media_ * media_tokens; }

CacheUse PromptCache::use(const Prompt& prompt) {
  const std::vector<Prompt::Block>& blocks = prompt.blocks();
  std::size_t end = blocks.size();  // behind the last mark
  while (end > 0 && blocks[end - 1].mark == Mark::none) --end;
  CacheUse use;
  if (end == 0 || blocks[end - 1].tokens < tokens_min) return use;
  std::size_t known = end;  // behind the longest prefix that is known
  while (known > 0 && !known_.contains(blocks[known - 1].hash)) --known;
  if (known > 0) use.read = blocks[known - 1].tokens;
  std::uint64_t hour_end = use.read;
  for (std::size_t i = known; i < end; ++i) {
    if (blocks[i].mark == Mark::hour) hour_end = blocks[i].tokens;
  }
  use.written_hour = hour_end - use.read;
  use.written_minutes = blocks[end - 1].tokens - hour_end;
  if (known_.size() >= prefixes_max) known_.clear();
  for (std::size_t i = 0; i < end; ++i) {
    if (blocks[i].mark != Mark::none && blocks[i].tokens >= tokens_min)
      known_.insert(blocks[i].hash);
  }
  return use;
}

}  // namespace sluice::simulator
