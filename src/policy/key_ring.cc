#include "sluice/policy/key_ring.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <unordered_set>
#include <utility>

#include "sluice/policy/model_pattern.h"

namespace sluice::policy {
namespace {

constexpr std::size_t key_name_bytes_max = 128;

using Problem = std::optional<KeyProblem>;

KeyProblem problem(std::size_t index, const char* field, const char* what) noexcept {
  return {.key_index = index,
          .field = field,
          .error = {.kind = ErrorKind::invalid, .fault = Fault::gateway, .what = what}};
}

Problem check_name(std::size_t index, std::string_view name) noexcept {
  if (name.empty()) return problem(index, "name", "must not be empty");
  if (name.size() > key_name_bytes_max) {
    return problem(index, "name", "must be at most 128 bytes long");
  }
  if (name == Caller::anonymous().name()) {
    return problem(index, "name", "'anonymous' is what the log calls callers without a key");
  }
  return std::nullopt;
}

Problem check_lists(std::size_t index, const KeyConfig& key) noexcept {
  if (key.models.empty()) {
    return problem(index, "models", "is empty: name the models this key may use, or [\"*\"]");
  }
  for (const std::string& pattern : key.models) {
    if (pattern.empty()) return problem(index, "models", "holds an empty pattern");
    if (pattern.size() > model_pattern_bytes_max) {
      return problem(index, "models", "holds a pattern of more than 256 bytes");
    }
  }
  for (const std::string& region : key.regions) {
    if (region.empty()) return problem(index, "regions", "holds an empty name");
  }
  return std::nullopt;
}

}  // namespace

KeyRing::KeyRing() : decoy_(KeyVerifier::decoy()), anonymous_(Caller::anonymous()) {
  build_slots();
}

std::expected<KeyRing, KeyProblem> KeyRing::build(std::span<const KeyConfig> keys) {
  KeyRing ring;
  std::unordered_set<std::string_view> names;
  std::unordered_set<std::uint64_t> ids;
  for (std::size_t index = 0; index < keys.size(); ++index) {
    const KeyConfig& key = keys[index];
    if (const Problem found = check_name(index, key.name)) return std::unexpected(*found);
    if (!names.insert(key.name).second) {
      return std::unexpected(problem(index, "name", "is used by an earlier key"));
    }
    const Result<KeyVerifier> verifier = KeyVerifier::parse(key.hash);
    if (!verifier) return std::unexpected(KeyProblem{index, "hash", verifier.error()});
    if (!ids.insert(verifier->id().packed).second) {
      return std::unexpected(problem(index, "hash", "has the id of an earlier key"));
    }
    if (const Problem found = check_lists(index, key)) return std::unexpected(*found);
    ring.verifiers_.push_back(*verifier);
    ring.callers_.emplace_back(key.name, key.models, key.regions);
  }
  ring.build_slots();
  return ring;
}

void KeyRing::build_slots() {
  slots_.assign(std::bit_ceil(std::max<std::size_t>(verifiers_.size() * 2, 2)), 0);
  for (std::size_t index = 0; index < verifiers_.size(); ++index) {
    std::size_t slot = slot_of(verifiers_[index].id());
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint32_t>(index + 1);
  }
}

std::size_t KeyRing::slot_of(KeyId id) const noexcept {
  // Fibonacci hashing: the product's high bits depend on every character of the id.
  const int bits = std::countr_zero(slots_.size());
  return static_cast<std::size_t>((id.packed * 0x9e3779b97f4a7c15U) >> (64 - bits));
}

const Caller* KeyRing::authenticate(std::string_view presented) const noexcept {
  const std::optional<KeyId> id = parse_key_id(presented);
  if (!id) return nullptr;
  const KeyVerifier* verifier = &decoy_;
  const Caller* caller = nullptr;
  for (std::size_t slot = slot_of(*id); slots_[slot] != 0;
       slot = (slot + 1) & (slots_.size() - 1)) {
    const std::size_t index = slots_[slot] - 1;
    if (verifiers_[index].id() != *id) continue;
    verifier = &verifiers_[index];
    caller = &callers_[index];
    break;
  }
  return verifier->matches(presented) ? caller : nullptr;
}

}  // namespace sluice::policy
