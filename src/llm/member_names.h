// Finds out whether an object names a member twice: two readers may each believe another of the
// two.
//
// The names of up to 32 members, which is every honest request, cost a bit test each; a name is
// compared with others only where the bit is taken. Of more members the names are kept and sorted
// once, so that very many cost n log n, whatever they are.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::llm {

class MemberNames {
 public:
  /// Lifetime: `name` stays until the answer, but for one `in_scratch`, of which a copy is kept.
  void add(std::string_view name, bool in_scratch);

  /// A name that was added twice, or nothing. Call once, behind the last member. Lifetime: of the
  /// names.
  [[nodiscard]] std::optional<std::string_view> duplicate();

 private:
  static constexpr std::size_t few = 32;

  std::array<std::string_view, few> first_;
  std::size_t count_ = 0;               // in first_
  std::uint64_t seen_ = 0;              // a bit for each name in first_, shared by some
  std::vector<std::string_view> more_;  // behind the first ones
  std::forward_list<std::string> copies_;
  std::optional<std::string_view> duplicate_;
};

}  // namespace sluice::llm
