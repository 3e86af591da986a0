// Connecting a stream socket.
#pragma once
#include "sluice/base/result.h"
#include "sluice/coro/stop_token.h"
#include "sluice/coro/task.h"
#include "sluice/ring/connection.h"
#include "sluice/ring/loop.h"
#include "sluice/ring/socket_address.h"

namespace sluice::ring {

/// Connects to `address`. Errors: connect_failed (refused, unreachable; os_errno says which),
/// exhausted (no descriptor), cancelled. The deadline is the token's business.
[[nodiscard]] Task<Result<Connection>> connect(Loop& loop, SocketAddress address,
                                               ConnectionConfig config, StopToken stop);

}  // namespace sluice::ring
