#include "sluice/policy/gateway_key.h"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base62.h"
#include "key_hash.h"
#include "sluice/base/assert.h"
#include "sluice/base/hex.h"

namespace sluice::policy {
namespace {

constexpr std::string_view scheme = "hmac-sha256";
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t id_entropy_bytes = 8;
constexpr std::size_t secret_entropy_bytes = 32;
static_assert(id_entropy_bytes + secret_entropy_bytes + salt_bytes == key_entropy_bytes);

// Where the parts of a key begin.
constexpr std::size_t id_at = gateway_key_prefix.size();
constexpr std::size_t secret_at = id_at + key_id_bytes + 1;
constexpr std::size_t checksum_at = secret_at + key_secret_bytes;
static_assert(checksum_at + key_checksum_bytes == gateway_key_bytes);

// What is hashed: id, then secret. 55 bytes are what SHA-256 takes in one block with its padding.
using Message = std::array<char, key_id_bytes + key_secret_bytes>;
static_assert(sizeof(Message) <= 55);

Message message_of(std::string_view key) noexcept {
  Message message;
  std::memcpy(message.data(), key.data() + id_at, key_id_bytes);
  std::memcpy(message.data() + key_id_bytes, key.data() + secret_at, key_secret_bytes);
  return message;
}

std::string_view view(const Message& message) noexcept { return {message.data(), message.size()}; }

std::string checksum_text(std::string_view message) {
  const std::uint32_t crc = ~crc32c(~0U, message);
  std::array<unsigned char, 4> digits = {
      static_cast<unsigned char>(crc >> 24), static_cast<unsigned char>(crc >> 16),
      static_cast<unsigned char>(crc >> 8), static_cast<unsigned char>(crc)};
  return to_base62(digits, key_checksum_bytes);
}

/// Whether the six digits say this message's CRC-32C.
bool checksum_fits(std::string_view message, std::string_view digits) noexcept {
  std::uint32_t crc = ~crc32c(~0U, message);
  for (std::size_t place = digits.size(); place-- > 0;) {
    if (digits[place] != base62_digits[crc % 62]) return false;
    crc /= 62;
  }
  return true;
}

KeyId pack(std::string_view id) noexcept {
  SLUICE_ASSERT(id.size() == key_id_bytes);
  KeyId packed;
  std::memcpy(&packed.packed, id.data(), key_id_bytes);
  return packed;
}

// Small letters only: a hash has one spelling.
bool read_hex(std::string_view hex, std::span<unsigned char> bytes) noexcept {
  if (hex.size() != bytes.size() * 2) return false;
  if (std::ranges::any_of(hex, [](char c) { return c >= 'A' && c <= 'F'; })) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

void append_hex(std::string& out, std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const unsigned char byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

Error broken(ErrorKind kind, const char* what) noexcept {
  return {.kind = kind, .fault = Fault::gateway, .what = what};
}

/// What stands before the next colon; takes both off the text.
std::string_view next_part(std::string_view& text) noexcept {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view part = text.substr(0, colon);
  text.remove_prefix(std::min(colon + 1, text.size()));
  return part;
}

/// A TOML basic string (toml.io, v1.0.0, "String").
std::string toml_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      append_hex(out, {&byte, 1});
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

}  // namespace

std::string KeyId::text() const {
  std::string text(key_id_bytes, '\0');
  std::memcpy(text.data(), &packed, key_id_bytes);
  return text;
}

bool looks_like_gateway_key(std::string_view presented) noexcept {
  const auto equal = [](char c, char lower) {
    return c == lower || (c >= 'A' && c <= 'Z' && c - 'A' + 'a' == lower);
  };
  return !std::ranges::search(presented, gateway_key_prefix, equal).empty();
}

std::optional<KeyId> parse_key_id(std::string_view presented) noexcept {
  if (presented.size() != gateway_key_bytes) return std::nullopt;
  if (!presented.starts_with(gateway_key_prefix)) return std::nullopt;
  if (presented[secret_at - 1] != '-') return std::nullopt;
  // The checksum's digits are compared with ones of the alphabet, so only these need a look.
  const Message message = message_of(presented);
  if (!is_base62(view(message))) return std::nullopt;
  if (!checksum_fits(view(message), presented.substr(checksum_at))) return std::nullopt;
  return pack(presented.substr(id_at, key_id_bytes));
}

Result<KeyVerifier> KeyVerifier::parse(std::string_view hash) noexcept {
  if (next_part(hash) != scheme) {
    return fail(broken(ErrorKind::unsupported,
                       "must begin with 'hmac-sha256:'; make one with 'sluice keygen'"));
  }
  const std::string_view id = next_part(hash);
  const std::string_view salt_hex = next_part(hash);
  if (id.size() != key_id_bytes || !is_base62(id)) {
    return fail(broken(ErrorKind::invalid, "the id, its second part, must be 8 letters or digits"));
  }
  std::array<unsigned char, salt_bytes> salt;
  if (!read_hex(salt_hex, salt)) {
    return fail(broken(ErrorKind::invalid, "the salt, its third part, must be 32 hex digits"));
  }
  KeyVerifier verifier;
  if (!read_hex(hash, verifier.mac_)) {
    return fail(broken(ErrorKind::invalid, "the code, its last part, must be 64 hex digits"));
  }
  const HmacStates states = hmac_begin(salt);
  verifier.id_ = pack(id);
  verifier.inner_ = states.inner;
  verifier.outer_ = states.outer;
  return verifier;
}

KeyVerifier KeyVerifier::decoy() noexcept {
  const HmacStates states = hmac_begin({});
  KeyVerifier verifier;
  verifier.decoy_ = true;
  verifier.inner_ = states.inner;
  verifier.outer_ = states.outer;
  return verifier;
}

bool KeyVerifier::matches(std::string_view presented) const noexcept {
  SLUICE_ASSERT(presented.size() == gateway_key_bytes);
  const Message message = message_of(presented);
  const Mac mac = hmac_end({.inner = inner_, .outer = outer_}, view(message));
  const auto chars = [](const auto& bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const bool equal = equal_constant_time(chars(mac), chars(mac_));
  return equal & !decoy_;
}

Result<NewKey> generate_key() {
  std::array<unsigned char, key_entropy_bytes> entropy;
  std::size_t filled = 0;
  while (filled < entropy.size()) {
    const ssize_t got = getrandom(entropy.data() + filled, entropy.size() - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return fail({.kind = ErrorKind::io,
                   .fault = Fault::gateway,
                   .os_errno = errno,
                   .what = "the kernel gives no random numbers"});
    }
    filled += static_cast<std::size_t>(got);
  }
  NewKey made = make_key(entropy);
  wipe_memory(entropy.data(), entropy.size());
  return made;
}

NewKey make_key(std::span<const unsigned char, key_entropy_bytes> entropy) {
  std::array<unsigned char, id_entropy_bytes + secret_entropy_bytes> digits;
  std::ranges::copy(entropy.first(digits.size()), digits.begin());
  const auto salt = entropy.last<salt_bytes>();
  const std::span<unsigned char> all(digits);
  const std::string id = to_base62(all.first(id_entropy_bytes), key_id_bytes);
  std::string message = id + to_base62(all.last(secret_entropy_bytes), key_secret_bytes);

  std::string key;
  key.reserve(gateway_key_bytes);  // once: no copy of a part is left behind
  key.append(gateway_key_prefix).append(id).append("-");
  key.append(message, key_id_bytes).append(checksum_text(message));

  std::string hash(scheme);
  hash.append(":").append(id).append(":");
  append_hex(hash, salt);
  hash += ':';
  append_hex(hash, hmac_end(hmac_begin(salt), message));
  wipe_memory(message.data(), message.size());
  wipe_memory(digits.data(), digits.size());
  return {.key = Secret(std::move(key)), .hash = std::move(hash)};
}

std::string key_stanza(std::string_view name, const NewKey& key) {
  std::string out = "[[key]]\nname = ";
  out += toml_quoted(name);
  out += "\nhash = ";
  out += toml_quoted(key.hash);
  out += "\n# models = [\"*\"]      # what it may ask for; * stands for anything\n";
  out += "# regions = [\"eu\"]    # a pin: its data never leaves these\n";
  return out;
}

}  // namespace sluice::policy
