#include "sluice/telemetry/request_id.h"

#include <algorithm>

#include "sluice/base/assert.h"

namespace sluice::telemetry {
namespace {

constexpr std::string_view prefix = "req_";
constexpr std::string_view base32_digits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t digits = request_id_bytes - prefix.size();
constexpr unsigned count_bits = 56;
static_assert(digits * 5 == 64 + count_bits);

constexpr bool is_acceptable(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.:~+/=@").contains(c);
}

}  // namespace

RequestId RequestIdGenerator::next() noexcept {
  const auto last_digit = static_cast<std::size_t>(count_ & 31);
  // Of 32 ids in a row all but the first differ from the one before in their last digit alone.
  if (last_digit == 0) write_digits();
  last_.text.back() = base32_digits[last_digit];
  ++count_;
  return last_;
}

void RequestIdGenerator::write_digits() noexcept {
  SLUICE_ASSERT(count_ < std::uint64_t{1} << count_bits);
  // 120 bits: the seed's 64, then the count's 56. As two halves of 60, twelve digits each.
  std::uint64_t high = worker_seed_ >> 4;
  std::uint64_t low = (worker_seed_ & 15) << count_bits | count_;
  std::ranges::copy(prefix, last_.text.begin());
  for (std::size_t place = digits / 2; place-- > 0; high >>= 5, low >>= 5) {
    last_.text[prefix.size() + place] = base32_digits[high & 31];
    last_.text[prefix.size() + digits / 2 + place] = base32_digits[low & 31];
  }
}

bool is_acceptable_request_id(std::string_view candidate) noexcept {
  return !candidate.empty() && candidate.size() <= client_request_id_bytes_max &&
         std::ranges::all_of(candidate, is_acceptable);
}

}  // namespace sluice::telemetry
