// Fuzzes the chunked decoder. Byte 0 chooses where the input is cut.
//   1. data points into the input of its own call;
//   2. any cut gives the same body, the same end and the same verdict;
//   3. a strict prefix of a complete body is need_more;
//   4. the body, encoded again, decodes to itself.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/http/chunked.h"

namespace {

using namespace sluice::http;

struct Decoded {
  ChunkedStatus status = ChunkedStatus::need_more;
  std::string body;
  std::size_t bytes_consumed = 0;
};

Decoded decode(std::string_view wire, std::size_t piece_bytes) {
  Decoded all;
  ChunkedDecoder decoder;
  for (std::size_t at = 0; at < wire.size();) {
    const std::string_view piece = wire.substr(at, piece_bytes);
    const ChunkedStep step = decoder.next(piece);
    all.status = step.status;
    SLUICE_ASSERT(step.bytes_consumed <= piece.size());
    at += step.bytes_consumed;
    if (step.status == ChunkedStatus::complete || step.status == ChunkedStatus::malformed) break;
    if (step.status == ChunkedStatus::need_more) SLUICE_ASSERT(step.bytes_consumed == piece.size());
    if (step.status != ChunkedStatus::data) continue;
    SLUICE_ASSERT(!step.data.empty());
    SLUICE_ASSERT(step.data.data() + step.data.size() == piece.data() + step.bytes_consumed);
    SLUICE_ASSERT(step.data.data() >= piece.data());
    all.body += step.data;
    all.bytes_consumed = at;
    all.status = ChunkedStatus::need_more;
  }
  return all;
}

std::size_t consumed(std::string_view wire) {
  ChunkedDecoder decoder;
  std::size_t at = 0;
  while (true) {
    const ChunkedStep step = decoder.next(wire.substr(at));
    at += step.bytes_consumed;
    if (step.status != ChunkedStatus::data) return at;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  const Decoded whole = decode(wire, std::max<std::size_t>(wire.size(), 1));
  for (const std::size_t piece_bytes : {std::size_t{1}, std::size_t{data[0]} + 1}) {
    const Decoded pieces = decode(wire, piece_bytes);
    SLUICE_ASSERT(pieces.status == whole.status);
    SLUICE_ASSERT(pieces.body == whole.body);
  }
  if (whole.status != ChunkedStatus::complete) return 0;
  const std::size_t end = consumed(wire);
  const Decoded prefix = decode(wire.substr(0, data[0] * end / 256), 7);
  SLUICE_ASSERT(prefix.status == ChunkedStatus::need_more);

  std::string again;
  const std::size_t step = std::size_t{data[0]} + 1;
  for (std::size_t at = 0; at < whole.body.size(); at += step) {
    const std::string_view part = std::string_view(whole.body).substr(at, step);
    again.append(ChunkPrefix(part.size()).view()).append(part).append(chunk_suffix);
  }
  again += last_chunk;
  const Decoded reread = decode(again, again.size());
  SLUICE_ASSERT(reread.status == ChunkedStatus::complete);
  SLUICE_ASSERT(reread.body == whole.body);
  return 0;
}
