// The token servers of clouds, for programs that send access tokens in place of keys.
//
//   POST /token                                                     Google's, for a service account
//   POST /{tenant}/oauth2/v2.0/token                                Microsoft Entra's
//   GET /computeMetadata/v1/instance/service-accounts/{a}/token     a machine's own, at Google
#pragma once
#include <optional>
#include <string_view>

#include "simulator/answer.h"
#include "sluice/base/secret.h"
#include "sluice/http/head.h"

namespace sluice::simulator {

/// The answer of a token server; nothing where the path is none's. The token is the simulator's
/// key, so that what was fetched here is taken there.
[[nodiscard]] std::optional<Answer> answer_token(const http::RequestHead& head,
                                                 std::string_view body, const Secret& key);

}  // namespace sluice::simulator
