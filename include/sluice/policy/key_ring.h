// The gateway keys of one snapshot: finds and proves the caller behind a presented key.
//
// Immutable once built, read by every core. A check is one table look-up, two SHA-256 compressions
// and no allocation, whether the key is right, wrong or unknown.
#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/attributes.h"
#include "sluice/base/result.h"
#include "sluice/policy/caller.h"
#include "sluice/policy/gateway_key.h"

namespace sluice::policy {

/// One [[key]] of the configuration. Field names are the keys of the file.
struct KeyConfig {
  std::string name;                      // for logs and metrics; unique
  std::string hash;                      // from `sluice keygen`
  std::vector<std::string> models{"*"};  // patterns of model names; must not be empty
  std::vector<std::string> regions;      // empty: no pin
};

/// Why the keys cannot be used: which of them, which field of it, and what is wrong.
struct KeyProblem {
  std::size_t key_index;  // in the order of the file
  const char* field;      // "name", "hash", "models" or "regions"
  Error error;            // invalid or unsupported; `what` is a clause such as "is empty"
};

class KeyRing {
 public:
  /// A ring without keys: nobody is authenticated.
  KeyRing();
  [[nodiscard]] static std::expected<KeyRing, KeyProblem> build(std::span<const KeyConfig> keys);

  /// The caller whose key this is, or null: mistyped, unknown and wrong keys are not told apart.
  [[nodiscard]] const Caller* authenticate(std::string_view presented) const noexcept
      SLUICE_LIFETIMEBOUND;

  /// Who is meant where no key is asked for.
  [[nodiscard]] const Caller& anonymous() const noexcept SLUICE_LIFETIMEBOUND { return anonymous_; }
  /// In the order of the file.
  [[nodiscard]] std::span<const Caller> callers() const noexcept SLUICE_LIFETIMEBOUND {
    return callers_;
  }
  [[nodiscard]] bool empty() const noexcept { return callers_.empty(); }

 private:
  [[nodiscard]] std::size_t slot_of(KeyId id) const noexcept;
  void build_slots();

  std::vector<KeyVerifier> verifiers_;  // verifiers_[i] proves callers_[i]
  std::vector<Caller> callers_;
  std::vector<std::uint32_t> slots_;  // open addressing: index + 1, 0 is free; at most half full
  KeyVerifier decoy_;
  Caller anonymous_;
};

}  // namespace sluice::policy
