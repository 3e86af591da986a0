#include "tls_engine.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/net/address.h"
#include "sluice/net/tls_stream.h"
#include "tls_error.h"

namespace sluice::net {
namespace {

constexpr std::size_t record_bytes_max = SSL3_RT_MAX_PLAIN_LENGTH;  // RFC 8446 section 5.1
constexpr std::size_t record_overhead = SSL3_RT_MAX_ENCRYPTED_OVERHEAD + SSL3_RT_HEADER_LENGTH;
constexpr std::size_t handshake_block_bytes = 4096;  // a server's flight with two certificates

int bounded_int(std::size_t size) noexcept {
  constexpr std::size_t most = 1 << 30;
  return static_cast<int>(std::min(size, most));
}

}  // namespace

TlsEngine::TlsEngine(SSL_CTX* context, TlsSide side, bool is_server)
    : side_(std::move(side)), ssl_(SSL_new(context)), out_bytes_hint_(handshake_block_bytes) {
  SLUICE_ASSERT(ssl_ != nullptr);
  SSL_set_app_data(ssl_.get(), &side_);
  BIO* bio = BIO_new(bio_method());
  SLUICE_ASSERT(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // takes the one reference for both directions
  // What only a handshake needs goes with it: several kilobytes per connection.
  SSL_set_shed_handshake_config(ssl_.get(), 1);
  is_server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
}

bool TlsEngine::expect_peer(const std::string& host, std::uint16_t port, WallTime now) {
  SSL* ssl = ssl_.get();
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  X509_VERIFY_PARAM_set_time(verify, std::chrono::system_clock::to_time_t(
                                         std::chrono::time_point_cast<std::chrono::seconds>(now)));
  if (const std::optional<ring::SocketAddress> address = parse_ip(host, port)) {
    // RFC 6066 section 3: an address is never sent as a server name.
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, address->host().c_str()) != 1) return false;
  } else {
    std::string_view name = host;
    if (!is_host_name(name)) return false;
    if (name.ends_with('.')) name.remove_suffix(1);
    if (X509_VERIFY_PARAM_set1_host(verify, name.data(), name.size()) != 1) return false;
    if (SSL_set_tlsext_host_name(ssl, std::string(name).c_str()) != 1) return false;
  }
  const std::string& alpn = side_.client->alpn;
  if (SSL_set_alpn_protos(ssl, reinterpret_cast<const std::uint8_t*>(alpn.data()),
                          static_cast<unsigned>(alpn.size())) != 0) {
    return false;
  }
  if (bssl::UniquePtr<SSL_SESSION> session = side_.client->take(side_.session_peer)) {
    SSL_set_session(ssl, session.get());
  }
  return true;
}

// --- the three calls into BoringSSL that move ---

TlsEngine::Progress TlsEngine::handshake() {
  if (state_ != State::open) return Progress::failed;
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  if (outcome != 1) return progress_of(outcome);
  out_bytes_hint_ = 0;
  idle_wire_bytes_ = 0;
  return Progress::done;
}

TlsEngine::Progress TlsEngine::decrypt(Block& block, std::size_t count_max) {
  const std::size_t before = block.size();
  const std::size_t room = std::min(count_max, block.free_bytes());
  SLUICE_ASSERT(room > 0);
  while (block.size() - before < room) {
    if (state_ != State::open || decrypt_estimate() == 0) break;
    ERR_clear_error();
    const int outcome = SSL_read(ssl_.get(), block.data() + block.size(),
                                 bounded_int(room - (block.size() - before)));
    if (outcome > 0) {
      block.advance(static_cast<std::size_t>(outcome));
      idle_wire_bytes_ = 0;
    } else if (progress_of(outcome) == Progress::need_more) {
      break;
    }
  }
  // What came before an end or a failure is told first.
  if (block.size() > before) return Progress::done;
  switch (state_) {
    case State::open: return Progress::need_more;
    case State::closed: return Progress::closed;
    case State::failed: return Progress::failed;
  }
  return Progress::failed;
}

bool TlsEngine::encrypt(SliceChain& chain, std::size_t& index, std::size_t sealed_bytes_max) {
  // Small slices are put together, so that a batch of them is one record: its cost is per record.
  char together[record_bytes_max];
  std::size_t sealed_bytes = 0;
  while (index < chain.count() && sealed_bytes < sealed_bytes_max) {
    std::string_view plain;
    if (chain[index].size() >= record_bytes_max || index + 1 == chain.count()) {
      plain = chain[index].view().substr(0, record_bytes_max);
    } else {
      std::size_t size_bytes = 0;
      for (std::size_t i = index; i < chain.count() && size_bytes < record_bytes_max; ++i) {
        const std::size_t part = std::min(chain[i].size(), record_bytes_max - size_bytes);
        std::memcpy(together + size_bytes, chain[i].data(), part);
        size_bytes += part;
      }
      plain = {together, size_bytes};
    }
    out_bytes_hint_ = plain.size() + record_overhead;
    ERR_clear_error();
    const int outcome = SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
    if (outcome <= 0) {
      // The BIO takes everything, so there is nothing to wait for.
      fail_with(take_tls_error(ssl_.get()));
      return false;
    }
    SLUICE_ASSERT(static_cast<std::size_t>(outcome) == plain.size());
    sealed_bytes += plain.size();
    for (std::size_t left = plain.size(); left > 0;) {
      const std::size_t part = std::min(left, chain[index].size());
      chain[index].remove_prefix(part);
      if (chain[index].empty()) chain[index++].reset();
      left -= part;
    }
  }
  out_bytes_hint_ = 0;
  return true;
}

void TlsEngine::close_notify() {
  if (state_ == State::failed) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

// --- what they mean ---

TlsEngine::Progress TlsEngine::fail_with(Error error) noexcept {
  if (state_ != State::failed) error_ = error;
  state_ = State::failed;
  return Progress::failed;
}

TlsEngine::Progress TlsEngine::progress_of(int outcome) {
  switch (SSL_get_error(ssl_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      if (idle_wire_bytes_ > TlsStream::idle_wire_bytes_max) {
        return fail_with(Error{.kind = ErrorKind::tls_failed,
                               .what = "the peer sends TLS records without content"});
      }
      return Progress::need_more;
    case SSL_ERROR_ZERO_RETURN: state_ = State::closed; return Progress::closed;
    default: return fail_with(take_tls_error(ssl_.get()));
  }
}

std::size_t TlsEngine::decrypt_estimate() const noexcept {
  const int pending = SSL_pending(ssl_.get());
  if (pending > 0) return static_cast<std::size_t>(pending);
  if (input_bytes_ == 0) return 0;
  // Content is shorter than its records, and a record may have begun in what was taken before.
  return std::min(input_bytes_ + idle_wire_bytes_, record_bytes_max);
}

bool TlsEngine::decrypt_ready() {
  if (state_ != State::open) return true;
  if (decrypt_estimate() == 0) return false;
  char first = 0;
  ERR_clear_error();
  const int outcome = SSL_peek(ssl_.get(), &first, 1);
  return outcome > 0 || progress_of(outcome) != Progress::need_more;
}

// --- the bytes on the wire ---

void TlsEngine::feed(SliceChain bytes) {
  input_bytes_ += bytes.size_bytes();
  if (input_index_ == input_.count()) {
    input_ = std::move(bytes);
    input_index_ = 0;
  } else {
    input_.append(std::move(bytes));
  }
}

std::size_t TlsEngine::pull(std::span<char> out) noexcept {
  std::size_t copied = 0;
  while (copied < out.size() && input_index_ < input_.count()) {
    Slice& slice = input_[input_index_];
    const std::size_t part = std::min(out.size() - copied, slice.size());
    std::memcpy(out.data() + copied, slice.data(), part);
    copied += part;
    slice.remove_prefix(part);
    if (slice.empty()) input_[input_index_++].reset();  // a leased buffer goes home at once
  }
  input_bytes_ -= copied;
  idle_wire_bytes_ += copied;
  if (input_index_ == input_.count()) {
    input_.clear();
    input_index_ = 0;
  }
  return copied;
}

void TlsEngine::push(std::string_view bytes) {
  if (out_.has_memory() && out_.free_bytes() < bytes.size()) {
    sealed_.push(std::move(out_).freeze());
    out_ = Block();
  }
  if (!out_.has_memory()) out_ = Block(std::max(bytes.size(), out_bytes_hint_));
  out_.append(bytes);
}

SliceChain TlsEngine::take_sealed() {
  if (out_.has_memory()) {
    sealed_.push(std::move(out_).freeze());
    out_ = Block();
  }
  return std::exchange(sealed_, SliceChain{});
}

const BIO_METHOD* TlsEngine::bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "slices");
    SLUICE_ASSERT(made != nullptr);
    BIO_meth_set_read(made, &TlsEngine::bio_read);
    BIO_meth_set_write(made, &TlsEngine::bio_write);
    BIO_meth_set_ctrl(made, &TlsEngine::bio_control);
    return made;
  }();
  return method;
}

int TlsEngine::bio_read(BIO* bio, char* out, int size) {
  auto* self = static_cast<TlsEngine*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  const std::size_t copied = self->pull({out, static_cast<std::size_t>(size)});
  if (copied > 0) return static_cast<int>(copied);
  BIO_set_retry_read(bio);
  return -1;
}

int TlsEngine::bio_write(BIO* bio, const char* bytes, int size) {
  auto* self = static_cast<TlsEngine*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  self->push({bytes, static_cast<std::size_t>(size)});
  return size;
}

long TlsEngine::bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace sluice::net
