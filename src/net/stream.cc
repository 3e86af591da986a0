#include "sluice/net/stream.h"

namespace sluice::net {

Task<Result<SliceChain>> Stream::read(StopToken stop) {
  SliceChain chain;
  const Result<std::size_t> count = co_await read(chain, stop);
  if (!count) co_return fail(count.error());
  co_return chain;
}

}  // namespace sluice::net
