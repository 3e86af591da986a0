// Fuzzes both TLS handshakes with a peer's bytes. Byte 0 chooses the side and the cut.
//   1. a handshake on hostile bytes ends in an error or waits for more: it never succeeds, since
//   the
//      bytes were made without the keys;
//   2. the answer is the same wherever the bytes are cut;
//   3. what it sends is bounded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "net/tls_fixture.h"

namespace sluice::net {
namespace {

struct Sides {
  std::unique_ptr<TlsServerContext> server = testing::server_context({"localhost"});
  std::unique_ptr<TlsClientContext> client = testing::client_context();
};

ErrorKind outcome_of(const Sides& sides, bool as_server, const std::string& wire, std::size_t cut) {
  sluice::testing::ManualExecutor executor;
  testing::MemoryPair pair(executor);
  testing::MemoryPipe& pipe = as_server ? *pair.to_server : *pair.to_client;
  pipe.cut_at = cut;
  pipe.put(wire);
  std::optional<testing::TlsResult> out;
  StopSource stop;
  Scope scope;
  if (as_server) {
    scope.spawn(testing::store_accept(std::move(pair.server), *sides.server, out, stop.token()));
  } else {
    scope.spawn(testing::store_connect(std::move(pair.client), *sides.client, "localhost", out,
                                       stop.token()));
  }
  executor.run();
  stop.request_stop();
  executor.run();
  SLUICE_ASSERT(scope.running() == 0 && out.has_value());
  SLUICE_ASSERT(!out->has_value());
  const std::size_t sent = as_server ? pair.to_client->bytes_total : pair.to_server->bytes_total;
  SLUICE_ASSERT(sent < 64 * 1024);
  return out->error().kind;
}

}  // namespace
}  // namespace sluice::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  using namespace sluice::net;
  using sluice::ErrorKind;
  static const Sides sides;
  if (size_bytes < 2 || size_bytes > 20'000) return 0;
  const bool as_server = (data[0] & 1) != 0;
  const std::string wire(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  const ErrorKind whole =
      outcome_of(sides, as_server, wire, sluice::net::testing::MemoryPipe::no_limit);
  const std::size_t cut = 1 + (data[0] >> 1) * wire.size() / 128;
  SLUICE_ASSERT(outcome_of(sides, as_server, wire, cut) == whole);
  return 0;
}
