// Where a URL leads: what a connection needs to know of it.
#pragma once
#include "sluice/catalog/url.h"
#include "sluice/net/connector.h"

namespace sluice::upstream {

[[nodiscard]] inline net::Endpoint endpoint_of(const catalog::Url& url) {
  return {.scheme = url.scheme == catalog::Scheme::https ? net::Scheme::https : net::Scheme::http,
          .host = url.host,
          .port = url.port};
}

}  // namespace sluice::upstream
