// How much a request says, in the simulator's tokens, and what of it a provider has in its cache.
//
//   tools | system | message 0 | message 1 [mark] | message 2        blocks, in the cache's order
//   ^------- a prefix: known again by its hash -------^
//
// A token is a quarter of what stands in texts, names, arguments and schemas (tokens_of), however
// they are wrapped; a picture or a document is 256. So a request counts the same in every dialect,
// but for its schemas. As with the real ones nothing below 1024 tokens is cached, a mark caches all
// that stands in front of it, and what an earlier mark cached is read.
#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sluice::simulator {

enum class Mark : std::uint8_t { none, minutes, hour };

class Prompt {
 public:
  static constexpr std::uint64_t media_tokens = 256;

  void add(std::string_view text);
  void add_media(std::string_view data);
  void end_block(Mark mark = Mark::none);

  [[nodiscard]] std::uint64_t tokens() const noexcept;

  struct Block {
    std::uint64_t hash = 0;  // of all up to its end
    std::uint64_t tokens = 0;
    Mark mark = Mark::none;
  };
  [[nodiscard]] const std::vector<Block>& blocks() const noexcept { return blocks_; }

 private:
  std::uint64_t bytes_ = 0;
  std::uint64_t media_ = 0;
  std::uint64_t hash_ = 0;
  std::vector<Block> blocks_;
};

struct CacheUse {
  std::uint64_t read = 0;
  std::uint64_t written_minutes = 0;
  std::uint64_t written_hour = 0;

  [[nodiscard]] std::uint64_t written() const noexcept { return written_minutes + written_hour; }
};

/// What one provider remembers; nothing is forgotten by time, for there is no clock here.
class PromptCache {
 public:
  static constexpr std::uint64_t tokens_min = 1024;
  static constexpr std::size_t prefixes_max = 100'000;

  [[nodiscard]] CacheUse use(const Prompt& prompt);

 private:
  std::unordered_set<std::uint64_t> known_;
};

}  // namespace sluice::simulator
