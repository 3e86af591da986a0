#include "sluice/base/base64.h"

#include <algorithm>
#include <cstring>

namespace sluice {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Two letters at once for each 12 bits: half the look-ups and half the stores. 8 KiB.
constexpr auto pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t bits = 0; bits < table.size(); ++bits) {
    table[bits] = {alphabet[bits >> 6], alphabet[bits & 63]};
  }
  return table;
}();

std::uint32_t byte_at(const char* at) noexcept { return static_cast<unsigned char>(*at); }

char* write_group(const char* from, char* to) noexcept {
  const std::uint32_t bits = byte_at(from) << 16 | byte_at(from + 1) << 8 | byte_at(from + 2);
  std::memcpy(to, pairs[bits >> 12].data(), 2);
  std::memcpy(to + 2, pairs[bits & 4095].data(), 2);
  return to + 4;
}

}  // namespace

void Base64Encoder::add(std::string_view bytes) {
  if (rest_bytes_ > 0) {
    const std::size_t taken = std::min(3 - rest_bytes_, bytes.size());
    std::copy_n(bytes.begin(), taken, rest_.begin() + static_cast<std::ptrdiff_t>(rest_bytes_));
    rest_bytes_ += taken;
    bytes.remove_prefix(taken);
    if (rest_bytes_ < 3) return;
    char group[4];
    write_group(rest_.data(), group);
    out_.append(group, 4);
    rest_bytes_ = 0;
  }
  const std::size_t groups = bytes.size() / 3;
  const std::size_t before = out_.size();
  out_.resize(before + groups * 4);
  char* to = out_.data() + before;
  const char* from = bytes.data();
  for (std::size_t i = 0; i < groups; ++i, from += 3) to = write_group(from, to);
  bytes.remove_prefix(groups * 3);
  std::copy(bytes.begin(), bytes.end(), rest_.begin());
  rest_bytes_ = bytes.size();
}

void Base64Encoder::finish() {
  if (rest_bytes_ == 0) return;
  const std::size_t letters = rest_bytes_ + 1;
  std::fill(rest_.begin() + static_cast<std::ptrdiff_t>(rest_bytes_), rest_.end(), '\0');
  char group[4];
  write_group(rest_.data(), group);
  std::fill(group + letters, group + 4, '=');
  out_.append(group, 4);
  rest_bytes_ = 0;
}

void append_base64(std::string& out, std::string_view bytes) {
  out.reserve(out.size() + base64_bytes(bytes.size()));
  Base64Encoder encoder(out);
  encoder.add(bytes);
  encoder.finish();
}

}  // namespace sluice
