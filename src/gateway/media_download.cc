#include "media_download.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "sluice/ring/sleep.h"
#include "sluice/upstream/endpoint.h"

namespace sluice::gateway {
namespace {

using telemetry::MediaFetch;

DownloadFailure refused(std::string reason) {
  return {.outcome = MediaFetch::refused, .reason = std::move(reason)};
}

DownloadFailure not_connected(const Error& error) {
  if (error.kind == ErrorKind::invalid) {
    return refused("its host has no address that this gateway may connect to");
  }
  const bool unknown = error.kind == ErrorKind::resolve_failed;
  const bool untrusted = error.kind == ErrorKind::certificate_invalid;
  return {.outcome = MediaFetch::unreachable,
          .reason = unknown     ? "the name of its host could not be resolved"
                    : untrusted ? "the certificate of its host is not trusted"
                                : "no connection to its host could be made",
          .may_pass = true,
          .cause = error.kind};
}

DownloadFailure broken(const Error& error) {
  const bool cut =
      error.kind == ErrorKind::connection_closed || error.kind == ErrorKind::connection_reset;
  return {.outcome = MediaFetch::failed,
          .reason = cut ? "its host broke off" : "its host gave no valid HTTP answer",
          .may_pass = true,
          .cause = error.kind};
}

DownloadFailure answered(int status) {
  return {.outcome = MediaFetch::failed,
          .reason = "its host answered with status " + std::to_string(status),
          .may_pass = status >= 500 || status == 429 || status == 408,
          .cause = ErrorKind::unsupported};
}

bool is_redirect(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

void HeldMedia::add(std::string_view bytes) {
  encoder_.add(bytes);
  count();
}

void HeldMedia::finish() {
  encoder_.finish();
  count();
}

void HeldMedia::clear() noexcept {
  std::string().swap(text_);
  encoder_.begin_anew();
  count();
}

void HeldMedia::count() noexcept {
  metrics_.media_bytes_held.add(static_cast<std::int64_t>(text_.size()) -
                                static_cast<std::int64_t>(counted_));
  counted_ = text_.size();
}

Task<MediaDownload::Outcome> MediaDownload::run(MediaUrl url, StopToken stop) {
  const auto timeout = std::chrono::milliseconds(setting_.config.timeout_ms);
  ring::Deadline deadline(setting_.loop, setting_.loop.now() + timeout, stop);
  std::uint32_t redirects = 0;
  MaybeFailure failure;
  while (true) {
    location_.clear();
    failure = co_await visit(url, deadline.token());
    if (failure || location_.empty()) break;
    if (redirects++ == setting_.config.redirects_max) {
      failure = DownloadFailure{.outcome = MediaFetch::failed,
                                .reason = "its host redirects more often than this gateway follows",
                                .cause = ErrorKind::too_large};
      break;
    }
    auto next = parse_media_url(follow_location(url, location_), setting_.config);
    if (!next) {
      failure = refused(next.error());
      break;
    }
    url = std::move(*next);
  }
  if (deadline.passed()) {
    co_return std::unexpected(DownloadFailure{
        .outcome = MediaFetch::timed_out, .may_pass = true, .cause = ErrorKind::deadline_exceeded});
  }
  if (stop.stop_requested()) {
    co_return std::unexpected(
        DownloadFailure{.outcome = MediaFetch::cancelled, .cause = ErrorKind::cancelled});
  }
  if (failure) {
    if (redirects > 0 && failure->outcome == MediaFetch::refused) {
      failure->reason = "its host redirects to another place, and " + failure->reason;
    }
    co_return std::unexpected(std::move(*failure));
  }
  co_return std::move(*type_);
}

// Lifetime: run() owns the URL and awaits this task.
Task<std::optional<DownloadFailure>> MediaDownload::visit(const MediaUrl& url, StopToken stop) {
  net::Endpoint endpoint = upstream::endpoint_of(url.place);
  Generation& generation = setting_.generation;
  Result<net::Connected> connected = co_await generation.media_connector().connect(
      std::move(endpoint), generation.media_tls(), setting_.filter, stop);
  if (!connected) co_return not_connected(connected.error());
  http::ClientHttp1 connection(setting_.loop, std::move(connected->stream),
                               generation.http_config());
  http::ClientHttp1::Exchange exchange(connection);
  const std::array own = {http::Header{"User-Agent", "sluice"}, http::Header{"Accept", "*/*"},
                          http::Header{"Accept-Encoding", "identity"}};
  const http::OutgoingRequest request{.method = "GET",
                                      .target = url.target,
                                      .authority = url.place.authority,
                                      .fields = {.own = own}};
  SliceChain no_body;
  Result<const http::ResponseHead*> head =
      co_await exchange.send(request, std::move(no_body), stop);
  if (!head) co_return broken(head.error());
  if (auto failure = accept(**head, exchange.framing())) co_return failure;
  if (!location_.empty()) co_return std::nullopt;
  std::string content_type((*head)->headers.value(http::FieldName::content_type).value_or(""));
  co_return co_await receive(exchange, std::move(content_type), stop);
}

std::optional<DownloadFailure> MediaDownload::accept(const http::ResponseHead& head,
                                                     const http::Framing& framing) {
  if (is_redirect(head.status)) {
    location_ = head.headers.value("location").value_or("");
    if (location_.empty()) return answered(head.status);
    return std::nullopt;
  }
  if (head.status != http::status::ok) return answered(head.status);
  const auto encoding = head.headers.value("content-encoding");
  if (encoding && !encoding->empty() && *encoding != "identity") {
    return DownloadFailure{.outcome = MediaFetch::failed,
                           .reason = "its host compresses what was not to be compressed",
                           .cause = ErrorKind::unsupported};
  }
  if (framing.kind == http::BodyKind::length) {
    if (auto failure = too_large(framing.length_bytes)) return failure;
    held_.reserve(framing.length_bytes);  // addresses; pages are taken as they are written
  }
  return std::nullopt;
}

// Lifetime: visit() owns the exchange and awaits this task.
Task<std::optional<DownloadFailure>> MediaDownload::receive(http::ClientHttp1::Exchange& exchange,
                                                            std::string content_type,
                                                            StopToken stop) {
  while (true) {
    Result<SliceChain> part = co_await exchange.read_body(stop);
    if (!part) co_return broken(part.error());
    if (part->empty()) break;
    for (const Slice& slice : *part) {
      if (auto failure = take(slice.view(), content_type)) co_return failure;
    }
  }
  if (!type_) {
    if (auto failure = judge(content_type)) co_return failure;
  }
  held_.finish();
  co_return std::nullopt;
}

std::optional<DownloadFailure> MediaDownload::take(std::string_view bytes,
                                                   std::string_view content_type) {
  setting_.metrics.media_bytes_received.add(bytes.size());
  if (auto failure = too_large(bytes.size())) return failure;
  bytes_ += bytes.size();
  setting_.total_left -= bytes.size();
  if (type_) {
    held_.add(bytes);
    return std::nullopt;
  }
  beginning_ += bytes;
  if (beginning_.size() < llm::media_beginning_bytes) return std::nullopt;
  return judge(content_type);
}

std::optional<DownloadFailure> MediaDownload::judge(std::string_view content_type) {
  auto type = llm::judge_media(
      content_type, std::string_view(beginning_).substr(0, llm::media_beginning_bytes), wanted_);
  if (!type) {
    return DownloadFailure{.outcome = MediaFetch::wrong_type, .reason = std::move(type.error())};
  }
  type_ = std::move(*type);
  held_.add(std::exchange(beginning_, {}));
  return std::nullopt;
}

// Whether so many bytes more are too many.
std::optional<DownloadFailure> MediaDownload::too_large(std::uint64_t bytes) const {
  if (bytes > setting_.config.bytes_max - bytes_) {
    return DownloadFailure{.outcome = MediaFetch::too_large,
                           .reason = "it is larger than the " +
                                     std::to_string(setting_.config.bytes_max) +
                                     " bytes that this gateway fetches",
                           .cause = ErrorKind::too_large};
  }
  if (bytes > setting_.total_left) {
    return DownloadFailure{.outcome = MediaFetch::too_large,
                           .reason = "with what else the request names it is larger than the " +
                                     std::to_string(setting_.config.total_bytes_max) +
                                     " bytes that this gateway fetches for one request",
                           .cause = ErrorKind::too_large};
  }
  const auto held = static_cast<std::uint64_t>(
      std::max<std::int64_t>(setting_.metrics.media_bytes_held.value(), 0));
  if (held + base64_bytes(bytes) > setting_.config.held_bytes_max) {
    return DownloadFailure{
        .outcome = MediaFetch::failed,
        .reason = "this gateway holds as many fetched files as it may; try again",
        .may_pass = true,
        .cause = ErrorKind::exhausted};
  }
  return std::nullopt;
}

}  // namespace sluice::gateway
