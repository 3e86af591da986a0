#include "tls_error.h"

#include <openssl/err.h>
#include <openssl/x509.h>

namespace sluice::net {
namespace {

struct ReasonText {
  int reason;
  const char* text;
};

constexpr ReasonText reasons[] = {
    {SSL_R_HTTP_REQUEST, "a plain HTTP request came to a TLS port"},
    {SSL_R_HTTPS_PROXY_REQUEST, "an HTTP CONNECT request came to a TLS port"},
    {SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS on this port"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "the peer offers no TLS 1.2 or 1.3"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the peer refuses TLS 1.2 and 1.3"},
    {SSL_R_NO_SHARED_CIPHER, "no cipher suite in common"},
    {SSL_R_NO_SHARED_GROUP, "no key exchange group in common"},
    {SSL_R_NO_COMMON_SIGNATURE_ALGORITHMS, "no signature algorithm in common"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "no ALPN protocol in common"},
    {SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "the peer speaks none of our ALPN protocols"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "the peer refused the TLS handshake"},
    {SSL_R_TLSV1_UNRECOGNIZED_NAME, "the peer does not know this host name"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the peer does not trust our certificate's issuer"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the peer refused our certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "the peer refused our certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the peer says our certificate has expired"},
    {SSL_R_TLSV1_ALERT_CERTIFICATE_REQUIRED, "the peer asks for a client certificate"},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED, "the peer denies access"},
    {SSL_R_TLSV1_ALERT_INTERNAL_ERROR, "the peer reports an internal TLS error"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "a TLS record was damaged on the way"},
    {SSL_R_SSLV3_ALERT_BAD_RECORD_MAC, "the peer says that a TLS record was damaged on the way"},
    {SSL_R_NO_RENEGOTIATION, "the peer asked for renegotiation"},
    {SSL_R_TOO_MANY_EMPTY_FRAGMENTS, "the peer sends empty TLS records without end"},
    {SSL_R_TOO_MANY_WARNING_ALERTS, "the peer sends TLS warnings without end"},
    {SSL_R_TOO_MANY_KEY_UPDATES, "the peer sends TLS key updates without end"},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE, "the peer's TLS message is too large"},
};

const char* reason_text(int reason) noexcept {
  for (const ReasonText& known : reasons) {
    if (known.reason == reason) return known.text;
  }
  return "the peer broke the TLS protocol";
}

}  // namespace

const char* verification_text(long result) noexcept {
  switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "certificate is not for this host name";
    case X509_V_ERR_CERT_HAS_EXPIRED: return "certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "certificate is not valid yet";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "certificate is self-signed and not trusted";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return "issuer is not trusted";
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: return "certificate has a wrong signature";
    case X509_V_ERR_INVALID_PURPOSE: return "certificate is not for servers";
    case X509_V_ERR_INVALID_CA: return "certificate was issued by one that is no authority";
    default: return "certificate is not valid";
  }
}

Error take_tls_error(const SSL* ssl) noexcept {
  // The oldest entry of the TLS layer says most; below it the ciphers may have complained too.
  bool from_ssl = false;
  int reason = 0;
  while (const std::uint32_t error = ERR_get_error()) {
    if (from_ssl || ERR_GET_LIB(error) != ERR_LIB_SSL) continue;
    from_ssl = true;
    reason = ERR_GET_REASON(error);
  }
  if (from_ssl && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    return Error{.kind = ErrorKind::certificate_invalid,
                 .what = verification_text(SSL_get_verify_result(ssl))};
  }
  return Error{.kind = ErrorKind::tls_failed,
               .what = from_ssl ? reason_text(reason) : "the peer broke the TLS protocol"};
}

}  // namespace sluice::net
