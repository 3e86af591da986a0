// Gateway keys: what `sluice keygen` makes, what the configuration stores, and how one is checked.
//
//   key    sk-sluice-<id>-<secret><checksum>      68 characters, shown once, kept by the caller
//                      8     43       6           base62; 256 bits of secret
//   hash   hmac-sha256:<id>:<salt>:<mac>          kept in the file; nothing in it opens anything
//                        8    32     64           salt and mac in lower-case hex
//
// The id is public and finds the entry; the checksum (CRC-32C of id and secret) tells a typing
// mistake from a wrong key before any hashing; mac = HMAC-SHA256(salt, id + secret). A secret of
// 256 random bits needs no slow hash: there is nothing to guess.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/attributes.h"
#include "sluice/base/result.h"
#include "sluice/base/secret.h"

namespace sluice::policy {

inline constexpr std::string_view gateway_key_prefix = "sk-sluice-";
inline constexpr std::size_t key_id_bytes = 8;
inline constexpr std::size_t key_secret_bytes = 43;
inline constexpr std::size_t key_checksum_bytes = 6;
inline constexpr std::size_t gateway_key_bytes =
    gateway_key_prefix.size() + key_id_bytes + 1 + key_secret_bytes + key_checksum_bytes;

/// A key's public part, its 8 characters packed so that it compares and hashes as one number.
struct KeyId {
  std::uint64_t packed = 0;

  /// The 8 characters.
  [[nodiscard]] std::string text() const;
  friend bool operator==(KeyId, KeyId) = default;
};

/// Whether the text holds what looks like a gateway key, in any case and anywhere, so that quotes
/// or a mistyped letter around one change nothing. Such a text is never sent to a provider.
[[nodiscard]] bool looks_like_gateway_key(std::string_view presented) noexcept;

/// The id of a presented key, or nothing when its length, alphabet or checksum is wrong: then it
/// was mistyped or cut, and no key of any ring. No hashing.
[[nodiscard]] std::optional<KeyId> parse_key_id(std::string_view presented) noexcept;

/// A stored hash, ready to check against: the two SHA-256 states behind HMAC's padded salt are
/// computed once, so a check costs two compressions.
class KeyVerifier {
 public:
  /// Reads `hmac-sha256:<id>:<salt>:<mac>`. Errors: unsupported (another scheme), invalid (the
  /// form is broken); `what` says which part.
  [[nodiscard]] static Result<KeyVerifier> parse(std::string_view hash) noexcept;
  /// A verifier that matches nothing: what an unknown id is checked against, so that it takes as
  /// long as a known one.
  [[nodiscard]] static KeyVerifier decoy() noexcept;

  [[nodiscard]] KeyId id() const noexcept { return id_; }

  /// Whether this is the key the hash was made of, in time that does not depend on the answer.
  /// `presented` must have passed parse_key_id().
  [[nodiscard]] bool matches(std::string_view presented) const noexcept;

 private:
  KeyVerifier() noexcept = default;

  using Sha256State = std::array<std::uint32_t, 8>;
  KeyId id_;
  bool decoy_ = false;
  Sha256State inner_{};
  Sha256State outer_{};
  std::array<unsigned char, 32> mac_{};
};

/// A key just made. The key is printed once and then forgotten.
struct NewKey {
  Secret key;
  std::string hash;
};

/// Random bytes a key is made of: id 8, secret 32, salt 16.
inline constexpr std::size_t key_entropy_bytes = 56;

/// A key from the kernel's random numbers (getrandom). Errors: io.
[[nodiscard]] Result<NewKey> generate_key();
/// The key these random bytes give: the same bytes, the same key. For generate_key() and tests.
[[nodiscard]] NewKey make_key(std::span<const unsigned char, key_entropy_bytes> entropy);

/// What the operator pastes into the configuration: a [[key]] table with name and hash, and the
/// settings one may want beside them as comments. `name` is escaped as a TOML string.
[[nodiscard]] std::string key_stanza(std::string_view name, const NewKey& key);

}  // namespace sluice::policy
