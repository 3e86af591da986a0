#include "key_hash.h"

#include <openssl/sha.h>

#include <algorithm>
#include <bit>
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

/// Hashes on from a kept state, which has seen one block, and pads (FIPS 180-4 section 5.1.1). On
/// the blocks themselves: SHA256_Update and SHA256_Final cost as much again as a block's rounds.
Mac hash_from(Sha256State state, std::span<const unsigned char> bytes) noexcept {
  const std::size_t whole_blocks = bytes.size() / block_bytes;
  // Its assembly takes one block before it counts.
  if (whole_blocks > 0) SHA256_TransformBlocks(state.data(), bytes.data(), whole_blocks);
  const auto rest = bytes.subspan(whole_blocks * block_bytes);

  std::array<unsigned char, 2 * block_bytes> tail{};
  std::ranges::copy(rest, tail.begin());
  tail[rest.size()] = 0x80;
  const std::uint64_t length_bits = __builtin_bswap64((block_bytes + bytes.size()) * 8);
  const std::size_t tail_blocks = rest.size() + 1 + sizeof length_bits <= block_bytes ? 1 : 2;
  std::memcpy(tail.data() + tail_blocks * block_bytes - sizeof length_bits, &length_bits,
              sizeof length_bits);
  SHA256_TransformBlocks(state.data(), tail.data(), tail_blocks);

  for (std::uint32_t& word : state) word = __builtin_bswap32(word);
  return std::bit_cast<Mac>(state);
}

}  // namespace

HmacStates hmac_begin(std::span<const unsigned char> secret) noexcept {
  SLUICE_ASSERT(secret.size() <= block_bytes);
  return {.inner = after_padded_secret(secret, 0x36), .outer = after_padded_secret(secret, 0x5c)};
}

Mac hmac_end(const HmacStates& states, std::string_view message) noexcept {
  const std::span bytes(reinterpret_cast<const unsigned char*>(message.data()), message.size());
  return hash_from(states.outer, hash_from(states.inner, bytes));
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
