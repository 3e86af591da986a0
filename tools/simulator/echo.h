// An answer that says what arrived, so that a test sees what a gateway forwarded.
#pragma once
#include <string_view>

#include "simulator/answer.h"
#include "sluice/http/head.h"

namespace sluice::simulator {

/// {"object":"sim.echo","method","target","body_bytes","body_sha256","body","headers":[[name,
/// value]...]}; `body` is null where it is no UTF-8 or longer than 64 KiB.
[[nodiscard]] Answer answer_echo(const http::RequestHead& head, std::string_view body);

/// A model of this name asks for it, as the header `x-sim-echo` does.
inline constexpr std::string_view echo_model = "sim-echo";

}  // namespace sluice::simulator
