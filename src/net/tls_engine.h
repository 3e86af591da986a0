// TlsEngine: BoringSSL between two queues of bytes. No I/O: who owns it moves the bytes.
//
//   feed() --> [ input slices ] --BIO--> SSL --> decrypt()
//   encrypt() --> SSL --BIO--> [ sealed slices ] --> take_sealed()
//
// BoringSSL reads exactly one record's header, then its body, so `input` holds what it has not
// asked for yet, and its own buffer holds one record at most.
#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "sluice/base/result.h"
#include "sluice/base/slice.h"
#include "tls_internal.h"

namespace sluice::net {

class TlsEngine {
 public:
  enum class Progress : std::uint8_t {
    done,       // the handshake has ended, or bytes were decrypted
    need_more,  // feed() first
    closed,     // the peer's close_notify came
    failed,     // see error()
  };

  /// A fresh server's or client's engine on `context`.
  TlsEngine(SSL_CTX* context, TlsSide side, bool is_server);
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  /// Client only, before the handshake: whom the certificate must be for, and the moment it must be
  /// valid at; offers a remembered session. False when the name cannot be verified.
  [[nodiscard]] bool expect_peer(const std::string& host, std::uint16_t port, WallTime now);

  [[nodiscard]] Progress handshake();

  void feed(SliceChain bytes);
  /// Decrypts what has been fed, whole records, behind what `block` holds, until it is full.
  /// `done` when at least one byte came.
  [[nodiscard]] Progress decrypt(Block& block, std::size_t count_max);
  /// How large a block is worthwhile for the next decrypt(): an upper bound of what it can give,
  /// at most one record's content; 0 when nothing can come without feed().
  [[nodiscard]] std::size_t decrypt_estimate() const noexcept;
  /// Whether decrypt() would give a byte or end, having consumed records without content.
  [[nodiscard]] bool decrypt_ready();

  /// Encrypts from `chain`, removing what it took, until `sealed_bytes_max` or the end. False when
  /// the connection cannot be written any more: see error().
  [[nodiscard]] bool encrypt(SliceChain& chain, std::size_t& index, std::size_t sealed_bytes_max);
  /// Queues our close_notify.
  void close_notify();
  /// Everything that is to be sent, in order.
  [[nodiscard]] SliceChain take_sealed();
  [[nodiscard]] bool has_sealed() const noexcept { return !sealed_.empty() || out_.has_memory(); }

  [[nodiscard]] const Error& error() const noexcept { return error_; }
  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
  [[nodiscard]] bool closed() const noexcept { return state_ == State::closed; }
  [[nodiscard]] bool failed() const noexcept { return state_ == State::failed; }

 private:
  enum class State : std::uint8_t { open, closed, failed };

  static const BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* out, int size);
  static int bio_write(BIO* bio, const char* bytes, int size);
  static long bio_control(BIO* bio, int command, long, void*);

  [[nodiscard]] std::size_t pull(std::span<char> out) noexcept;
  void push(std::string_view bytes);
  [[nodiscard]] Progress progress_of(int outcome);
  Progress fail_with(Error error) noexcept;

  TlsSide side_;
  bssl::UniquePtr<SSL> ssl_;
  SliceChain input_;
  std::size_t input_index_ = 0;  // slices before it are used up
  std::size_t input_bytes_ = 0;
  std::size_t idle_wire_bytes_ = 0;  // taken from input_ since the last byte of content
  Block out_;                        // sealed, being filled
  SliceChain sealed_;                // sealed, before out_
  std::size_t out_bytes_hint_;       // how much the next block should hold
  State state_ = State::open;
  Error error_;
};

}  // namespace sluice::net
