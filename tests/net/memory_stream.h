// A pair of Streams in memory, for tests: what one end writes the other reads, in pieces of the
// test's choosing. Runs on any executor, so on a manual one.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "sluice/coro/event.h"
#include "sluice/net/stream.h"

namespace sluice::net::testing {

/// One direction.
struct MemoryPipe {
  explicit MemoryPipe(Executor& executor) : changed(executor) {}
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  std::string waiting;
  std::size_t bytes_total = 0;               // ever written
  std::size_t bytes_read = 0;                // ever read
  std::size_t writes = 0;                    // calls
  std::size_t chunk_max = no_limit;          // of one read
  std::size_t cut_at = no_limit;             // no read crosses this offset
  std::function<void(std::string&)> tamper;  // may change what is written
  bool ended = false;
  bool reset = false;
  StopSource* departure = nullptr;  // of the reader
  Event changed;

  void put(std::string bytes) {
    ++writes;
    if (tamper) tamper(bytes);
    bytes_total += bytes.size();
    waiting += bytes;
    changed.set();
  }
  void end(bool by_reset) {
    if (ended) return;
    ended = true;
    reset = by_reset;
    changed.set();
    if (departure != nullptr) departure->request_stop();
  }
  std::string take(std::size_t count_max) {
    std::size_t count = std::min({waiting.size(), chunk_max, count_max});
    if (bytes_read < cut_at) count = std::min(count, cut_at - bytes_read);
    std::string taken = waiting.substr(0, count);
    waiting.erase(0, count);
    bytes_read += count;
    return taken;
  }
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<MemoryPipe> in, std::shared_ptr<MemoryPipe> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  ~MemoryStream() override {
    in_->departure = nullptr;
    out_->end(reset_);
  }

  using Stream::read;
  Task<Result<std::size_t>> read(SliceChain& into, StopToken stop) override {
    while (in_->waiting.empty()) {
      if (in_->reset) co_return fail(Error{.kind = ErrorKind::connection_reset});
      if (in_->ended) co_return 0;
      in_->changed.reset();
      Result<void> waited = co_await in_->changed.wait(stop);
      if (!waited) co_return fail(waited.error());
    }
    std::string taken = in_->take(MemoryPipe::no_limit);
    const std::size_t count = taken.size();
    into.push(Slice::take(std::move(taken)));
    co_return count;
  }
  Task<Result<void>> read_exactly(Block& block, std::size_t count, StopToken stop) override {
    while (count > 0) {
      while (in_->waiting.empty()) {
        if (in_->ended) co_return fail(Error{.kind = ErrorKind::connection_closed});
        in_->changed.reset();
        Result<void> waited = co_await in_->changed.wait(stop);
        if (!waited) co_return fail(waited.error());
      }
      const std::string taken = in_->take(count);
      block.append(taken);
      count -= taken.size();
    }
    co_return Result<void>{};
  }
  Task<Result<void>> write(SliceChain bytes, StopToken stop) override {
    if (stop.stop_requested()) co_return fail(Error{.kind = ErrorKind::cancelled});
    if (in_->reset) co_return fail(Error{.kind = ErrorKind::connection_reset});
    out_->put(bytes.to_string());
    co_return Result<void>{};
  }
  [[nodiscard]] bool has_input() const noexcept override {
    return !in_->waiting.empty() || in_->ended;
  }
  [[nodiscard]] bool peer_gone() const noexcept override { return in_->ended; }
  void watch_departure(StopSource* source) noexcept override {
    in_->departure = source;
    if (source != nullptr && in_->ended) source->request_stop();
  }
  Task<void> finish(StopToken) override {
    out_->end(false);
    co_return;
  }
  void reset_on_close() noexcept override { reset_ = true; }
  [[nodiscard]] const ring::SocketAddress& peer() const noexcept override { return peer_; }
  [[nodiscard]] std::string_view alpn() const noexcept override { return {}; }
  [[nodiscard]] bool is_tls() const noexcept override { return false; }
  [[nodiscard]] std::uint64_t bytes_received() const noexcept override { return in_->bytes_read; }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept override { return out_->bytes_total; }

 private:
  std::shared_ptr<MemoryPipe> in_;
  std::shared_ptr<MemoryPipe> out_;
  ring::SocketAddress peer_;
  bool reset_ = false;
};

struct MemoryPair {
  explicit MemoryPair(Executor& executor)
      : to_server(std::make_shared<MemoryPipe>(executor)),
        to_client(std::make_shared<MemoryPipe>(executor)),
        client(std::make_unique<MemoryStream>(to_client, to_server)),
        server(std::make_unique<MemoryStream>(to_server, to_client)) {}
  std::shared_ptr<MemoryPipe> to_server;
  std::shared_ptr<MemoryPipe> to_client;
  std::unique_ptr<Stream> client;
  std::unique_ptr<Stream> server;
};

inline SliceChain chain_of(std::string text) {
  SliceChain chain;
  chain.push(Slice::take(std::move(text)));
  return chain;
}

/// Bytes that show when one is lost, doubled or moved.
inline std::string pattern(std::size_t size_bytes) {
  std::string text(size_bytes, '\0');
  for (std::size_t i = 0; i < size_bytes; ++i) {
    text[i] = static_cast<char>('a' + i * 7 % 26 + i / 997 % 3);
  }
  return text;
}

/// Everything until the orderly end.
inline Task<Result<std::string>> read_to_end(Stream& stream) {
  std::string text;
  while (true) {
    Result<SliceChain> part = co_await stream.read({});
    if (!part) co_return fail(part.error());
    if (part->empty()) co_return text;
    text += part->to_string();
  }
}

}  // namespace sluice::net::testing
