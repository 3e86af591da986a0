// Fuzzes the parser of PROXY headers. Byte 0 chooses the prefix of property 2.
//   1. a complete header lies inside its input and inside the bound; so does a wait for more;
//   2. a strict prefix of a complete header is `need_more`;
//   3. what follows a complete header changes nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/net/proxy_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  using sluice::net::parse_proxy_header;
  using Status = sluice::net::ProxyHeader::Status;
  if (size_bytes == 0) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  const auto header = parse_proxy_header(wire);
  if (header.status == Status::need_more) {
    SLUICE_ASSERT(wire.size() < sluice::net::proxy_header_bytes_max);
  }
  if (header.status == Status::malformed) SLUICE_ASSERT(header.what[0] != '\0');
  if (header.status != Status::complete) return 0;
  SLUICE_ASSERT(header.bytes_consumed <= wire.size());
  SLUICE_ASSERT(header.bytes_consumed <= sluice::net::proxy_header_bytes_max);
  const std::size_t cut = data[0] * header.bytes_consumed / 256;
  SLUICE_ASSERT(parse_proxy_header(wire.substr(0, cut)).status == Status::need_more);
  const auto alone = parse_proxy_header(wire.substr(0, header.bytes_consumed));
  SLUICE_ASSERT(alone.status == Status::complete);
  SLUICE_ASSERT(alone.has_addresses == header.has_addresses && alone.source == header.source);
  return 0;
}
