#include "legal_name.h"

#include <algorithm>
#include <cstdint>

namespace sluice::llm {
namespace {

constexpr std::size_t id_bytes_max = 512;
constexpr std::uint64_t first_offset = 0xcbf29ce484222325;
constexpr std::uint64_t second_offset = 0x6c62272e07bb0142;

bool is_legal(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// FNV-1a; with two offsets, 128 bits.
void append_hash(std::string& out, std::string_view bytes, std::uint64_t hash) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  for (int shift = 60; shift >= 0; shift -= 4) {
    out.push_back("0123456789abcdef"[hash >> shift & 15]);
  }
}

}  // namespace

bool is_legal_name(std::string_view name, std::size_t bytes_max) noexcept {
  return !name.empty() && name.size() <= bytes_max && std::ranges::all_of(name, is_legal);
}

std::string legal_tool_name(json::Text name, std::size_t bytes_max) {
  constexpr std::size_t hash_bytes = 17;
  std::string scratch;
  const std::string_view plain = name.plain(scratch);
  if (is_legal_name(plain, bytes_max)) return std::string(plain);
  std::string out(plain.substr(0, bytes_max - hash_bytes));
  std::ranges::replace_if(out, [](char c) { return !is_legal(c); }, '_');
  out.push_back('_');
  append_hash(out, plain, first_offset);
  return out;
}

std::string legal_call_id(json::Text id) {
  std::string scratch;
  const std::string_view plain = id.plain(scratch);
  if (is_legal_name(plain, id_bytes_max)) return std::string(plain);
  std::string out = "call_";
  append_hash(out, plain, first_offset);
  append_hash(out, plain, second_offset);
  return out;
}

}  // namespace sluice::llm
