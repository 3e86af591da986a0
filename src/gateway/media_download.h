// One file from the web, for a chat that names it by a URL: bounded, judged, and as base64.
//
//   URL --connect to admitted addresses--> GET --redirect? the same anew--> type --> base64
//
// A connection of its own for each, closed after it. Nothing of the caller's or the gateway's goes
// along: no credential, no cookie, no header of theirs.
#pragma once
#include <cstdint>
#include <expected>
#include <string>

#include "media_url.h"
#include "sluice/base/base64.h"
#include "sluice/config/media.h"
#include "sluice/coro/task.h"
#include "sluice/gateway/generation.h"
#include "sluice/http/client_http1.h"
#include "sluice/llm/media_bytes.h"
#include "sluice/net/public_address.h"
#include "sluice/telemetry/metrics.h"

namespace sluice::gateway {

/// Base64 of a file while it comes and after; what it holds is counted.
class HeldMedia {
 public:
  explicit HeldMedia(telemetry::Metrics& metrics) noexcept : metrics_(metrics) {}
  HeldMedia(const HeldMedia&) = delete;
  HeldMedia& operator=(const HeldMedia&) = delete;
  ~HeldMedia() { clear(); }

  void reserve(std::uint64_t bytes) { text_.reserve(base64_bytes(bytes)); }
  void add(std::string_view bytes);
  void finish();
  void clear() noexcept;
  [[nodiscard]] std::string_view view() const noexcept { return text_; }

 private:
  void count() noexcept;
  telemetry::Metrics& metrics_;
  std::string text_;
  Base64Encoder encoder_{text_};
  std::size_t counted_ = 0;
};

struct DownloadFailure {
  telemetry::MediaFetch outcome = telemetry::MediaFetch::failed;
  std::string reason = {};  // the end of a sentence that begins with the file
  bool may_pass = false;    // what failed was the network or the server: another time it may do
  ErrorKind cause = ErrorKind::invalid;
};

/// What the downloads of one exchange share. Lifetime: all outlive them.
struct DownloadSetting {
  ring::Loop& loop;
  Generation& generation;
  telemetry::Metrics& metrics;
  const config::MediaConfig& config;
  const net::AddressFilter& filter;
  std::uint64_t& total_left;  // bytes that all of them together may still receive
};

class MediaDownload {
 public:
  /// Lifetime: `held` outlives the download.
  MediaDownload(const DownloadSetting& setting, llm::MediaKind wanted, HeldMedia& held) noexcept
      : setting_(setting), wanted_(wanted), held_(held) {}

  using Outcome = std::expected<llm::MediaType, DownloadFailure>;
  /// With a success all of it is in `held`. When `stop` stopped: cancelled. To be called once.
  [[nodiscard]] Task<Outcome> run(MediaUrl url, StopToken stop);
  /// Of the file: what it took of the setting's `total_left`.
  [[nodiscard]] std::uint64_t bytes_received() const noexcept { return bytes_; }

 private:
  using MaybeFailure = std::optional<DownloadFailure>;
  Task<MaybeFailure> visit(const MediaUrl& url, StopToken stop);
  Task<MaybeFailure> receive(http::ClientHttp1::Exchange& exchange, std::string content_type,
                             StopToken stop);
  MaybeFailure accept(const http::ResponseHead& head, const http::Framing& framing);
  MaybeFailure take(std::string_view bytes, std::string_view content_type);
  MaybeFailure judge(std::string_view content_type);
  [[nodiscard]] MaybeFailure too_large(std::uint64_t bytes) const;

  const DownloadSetting& setting_;
  llm::MediaKind wanted_;
  HeldMedia& held_;
  std::string location_;   // of a redirect; empty: there was none
  std::string beginning_;  // until the type is known
  std::optional<llm::MediaType> type_;
  std::uint64_t bytes_ = 0;
};

}  // namespace sluice::gateway
