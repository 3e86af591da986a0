#include "key_hash.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

#include "sluice/base/assert.h"
#include "sluice/base/secret.h"

namespace sluice::policy {
namespace {

constexpr std::size_t block_bytes = SHA256_CBLOCK;

Sha256State after_padded_secret(std::span<const unsigned char> secret, unsigned char pad) noexcept {
  std::array<unsigned char, block_bytes> block;
  block.fill(pad);
  for (std::size_t i = 0; i < secret.size(); ++i) {
    block[i] = static_cast<unsigned char>(block[i] ^ secret[i]);
  }
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, block.data(), block.size());
  Sha256State state;
  std::ranges::copy(context.h, state.begin());
  wipe_memory(block.data(), block.size());
  return state;
}

/// Hashes on from a kept state, which has seen one block.
Mac hash_from(const Sha256State& state, const void* bytes, std::size_t size_bytes) noexcept {
  SHA256_CTX context;
  SHA256_Init(&context);
  std::ranges::copy(state, context.h);
  context.Nl = block_bytes * 8;  // the length so far, in bits
  SHA256_Update(&context, bytes, size_bytes);
  Mac digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace

HmacStates hmac_begin(std::span<const unsigned char> secret) noexcept {
  SLUICE_ASSERT(secret.size() <= block_bytes);
  return {.inner = after_padded_secret(secret, 0x36), .outer = after_padded_secret(secret, 0x5c)};
}

Mac hmac_end(const HmacStates& states, std::string_view message) noexcept {
  const Mac inner = hash_from(states.inner, message.data(), message.size());
  return hash_from(states.outer, inner.data(), inner.size());
}

std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) noexcept {
#ifdef __SSE4_2__
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    crc = static_cast<std::uint32_t>(__builtin_ia32_crc32di(crc, word));
    bytes.remove_prefix(sizeof word);
  }
  for (const char byte : bytes) {
    crc = __builtin_ia32_crc32qi(crc, static_cast<unsigned char>(byte));
  }
#else
  // No table: a look-up by secret bytes would leave them in the cache's state.
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82f63b78U & (0U - (crc & 1U)));
  }
#endif
  return crc;
}

}  // namespace sluice::policy
