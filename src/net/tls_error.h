// BoringSSL's errors as ours: a kind, and one sentence of static text that helps.
#pragma once
#include <openssl/ssl.h>

#include "sluice/base/error.h"

namespace sluice::net {

/// Reads and empties BoringSSL's error queue after a call on `ssl` failed.
[[nodiscard]] Error take_tls_error(const SSL* ssl) noexcept;

/// What a verification result (X509_V_...) means for the operator.
[[nodiscard]] const char* verification_text(long result) noexcept;

}  // namespace sluice::net
