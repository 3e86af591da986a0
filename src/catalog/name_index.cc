#include "sluice/catalog/name_index.h"

namespace sluice::catalog {
namespace {
constexpr unsigned char fold(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 'A' && byte <= 'Z' ? static_cast<unsigned char>(byte | 0x20) : byte;
}
}  // namespace

// FNV-1a over the folded bytes. The keys are the operator's, not the client's: a client cannot
// make them collide, and its own name is hashed once.
std::size_t NameIndex::Hash::operator()(std::string_view name) const noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ fold(c)) * 0x100000001b3;
  return static_cast<std::size_t>(hash ^ (hash >> 32));
}

bool NameIndex::insert(std::string_view name, std::uint32_t position) {
  return positions_.emplace(std::string(name), position).second;
}

std::optional<std::uint32_t> NameIndex::find(std::string_view name) const noexcept {
  const auto found = positions_.find(name);
  if (found == positions_.end()) return std::nullopt;
  return found->second;
}

}  // namespace sluice::catalog
