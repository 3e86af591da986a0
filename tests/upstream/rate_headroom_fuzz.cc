// Fuzzes the reading of rate limits from headers: a line per header, "name: value".
//   1. resets and waits lie within 0 and their bounds, whatever is said;
//   2. letter case of names changes nothing, and no header of another name does;
//   3. who says that something is used up says that it is not there: exhausted means 0.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/upstream/rate_headroom.h"

namespace {

using namespace sluice;
using namespace sluice::upstream;

constexpr WallTime now{std::chrono::seconds(1'787'150'050)};

std::vector<http::Header> headers_of(std::string_view text) {
  std::vector<http::Header> headers;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t colon = line.find(": ");
    if (colon != line.npos) headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return headers;
}

http::HeaderList list_of(const std::vector<http::Header>& headers) {
  http::HeaderList list;
  for (const http::Header& header : headers) list.add(header.name, header.value);
  return list;
}

void check_bounds(const RateHeadroom& headroom, std::optional<Duration> wait) {
  constexpr Duration most = std::chrono::hours(24);
  SLUICE_ASSERT(!headroom.reset || (*headroom.reset >= Duration(0) && *headroom.reset <= most));
  SLUICE_ASSERT(!wait || (*wait >= Duration(0) && *wait <= most));
  SLUICE_ASSERT(headroom.is_exhausted() ==
                (headroom.requests_remaining == 0U || headroom.tokens_remaining == 0U));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  const std::string_view text(reinterpret_cast<const char*>(data), size_bytes);
  std::vector<http::Header> headers = headers_of(text);
  const RateHeadroom headroom = read_rate_headroom(list_of(headers), now);
  const std::optional<Duration> wait = read_wait(list_of(headers), now);
  check_bounds(headroom, wait);

  std::vector<std::string> names;
  for (const http::Header& header : headers) {
    names.emplace_back(header.name);
    for (char& c : names.back()) {
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  for (std::size_t i = 0; i < headers.size(); ++i) headers[i].name = names[i];
  headers.insert(headers.begin(), {"x-request-id", "0"});
  headers.push_back({"x-rate", "0"});
  SLUICE_ASSERT(read_rate_headroom(list_of(headers), now) == headroom);
  SLUICE_ASSERT(read_wait(list_of(headers), now) == wait);
  return 0;
}
