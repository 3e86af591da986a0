#include "media_fetches.h"

#include <algorithm>
#include <utility>

#include "sluice/base/assert.h"
#include "sluice/coro/scope.h"
#include "sluice/llm/media_by_url.h"

namespace sluice::gateway {
namespace {

using telemetry::MediaFetch;

std::string_view noun_of(llm::MediaKind kind) noexcept {
  switch (kind) {
    case llm::MediaKind::image: return "image";
    case llm::MediaKind::document: return "document";
    case llm::MediaKind::audio: return "audio";
  }
  __builtin_unreachable();
}

// "The image at cdn.example.com (media 2 of the request)"
std::string name_of(const llm::ChatRequest& chat, const llm::MediaPart& part,
                    std::string_view url) {
  std::string name = "The " + std::string(noun_of(part.kind));
  const std::string host = host_to_show(url);
  if (!host.empty()) name += " at " + host;
  return name + " (media " + std::to_string(llm::ordinal_of(chat, part)) + " of the request)";
}

}  // namespace

struct MediaFetches::Item {
  Item(std::string text, std::string named, llm::MediaKind what, telemetry::Metrics& metrics)
      : url(std::move(text)), name(std::move(named)), wanted(what), held(metrics) {}
  std::string url;
  std::string name;  // for error messages
  llm::MediaKind wanted;
  HeldMedia held;
  std::optional<llm::MediaType> type;    // it is there
  std::optional<llm::ApiError> failure;  // it will never be
};

// Those of one fetch() that are still to be had, and who fetches them.
struct MediaFetches::Round {
  explicit Round(StopToken parent) : source(parent) {}
  StopSource source;  // the first failure stops the others: the call cannot be written
  std::vector<Item*> items;
  std::size_t next = 0;
};

MediaFetches::MediaFetches(Core& core, Generation& generation, llm::ChatRequest& chat)
    : core_(core),
      config_(generation.snapshot().config.media),
      chat_(chat),
      filter_(config_.allow_private),
      total_left_(config_.total_bytes_max),
      setting_{.loop = core.loop,
               .generation = generation,
               .metrics = core.metrics,
               .config = config_,
               .filter = filter_,
               .total_left = total_left_} {}

MediaFetches::~MediaFetches() = default;

const MediaFetches::Item* MediaFetches::find(const llm::MediaPart& part) const {
  std::string scratch;
  const auto found = items_.find(part.data.plain(scratch));
  return found == items_.end() ? nullptr : found->second.get();
}

MediaFetches::Item& MediaFetches::item_of(const llm::MediaPart& part) {
  std::string scratch;
  std::string url(part.data.plain(scratch));
  std::unique_ptr<Item>& item = items_[url];
  if (!item) {
    std::string name = name_of(chat_, part, url);
    item = std::make_unique<Item>(std::move(url), std::move(name), part.kind, core_.metrics);
  }
  return *item;
}

Task<std::optional<llm::ApiError>> MediaFetches::fetch(std::vector<llm::MediaPart*> parts,
                                                       StopToken stop) {
  Round round(stop);
  for (const llm::MediaPart* part : parts) {
    Item& item = item_of(*part);
    if (item.failure) co_return *item.failure;
    const bool listed = std::ranges::find(round.items, &item) != round.items.end();
    if (!item.type && !listed) round.items.push_back(&item);
    if (items_.size() > config_.items_max) {
      core_.metrics.count_media_fetch(MediaFetch::refused);
      co_return llm::errors::media_refused(item.name, "this gateway fetches at most " +
                                                          std::to_string(config_.items_max) +
                                                          " files for one request");
    }
  }
  Scope scope;
  const std::size_t beside =
      std::min<std::size_t>(round.items.size(), config::MediaConfig::parallel_max);
  for (std::size_t i = 0; i < beside; ++i) scope.spawn(fetch_some(round));
  co_await scope.join();
  for (const Item* item : round.items) {
    if (item->failure) co_return *item->failure;
  }
  co_return std::nullopt;
}

// One after the other, as long as there are some. Lifetime: fetch() owns the round and joins this.
Task<void> MediaFetches::fetch_some(Round& round) {
  while (round.next < round.items.size() && !round.source.stop_requested()) {
    Item& item = *round.items[round.next++];
    auto url = parse_media_url(item.url, config_);
    if (!url) {
      core_.metrics.count_media_fetch(MediaFetch::refused);
      item.failure = llm::errors::media_refused(item.name, url.error());
      round.source.request_stop();
      co_return;
    }
    MediaDownload download(setting_, item.wanted, item.held);
    MediaDownload::Outcome outcome = co_await download.run(std::move(*url), round.source.token());
    core_.metrics.count_media_fetch(outcome ? MediaFetch::fetched : outcome.error().outcome);
    if (outcome) {
      item.type = std::move(*outcome);
      continue;
    }
    item.held.clear();
    total_left_ += download.bytes_received();  // a later attempt may need others, or this one again
    if (outcome.error().outcome != MediaFetch::cancelled) {
      item.failure = explain(item, outcome.error());
    }
    round.source.request_stop();
  }
}

llm::ApiError MediaFetches::explain(const Item& item, const DownloadFailure& failure) const {
  if (failure.outcome == MediaFetch::timed_out) {
    return llm::errors::media_timeout(item.name, std::chrono::milliseconds(config_.timeout_ms));
  }
  if (!failure.may_pass) return llm::errors::media_refused(item.name, failure.reason);
  return llm::errors::media_unavailable(item.name, failure.reason, failure.cause);
}

MediaFetches::InPlace::InPlace(const MediaFetches& fetches, std::vector<llm::MediaPart*> parts) {
  before_.reserve(parts.size());
  std::vector<const Item*> items;
  for (const llm::MediaPart* part : parts) items.push_back(fetches.find(*part));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Item* item = items[i];
    SLUICE_ASSERT(item != nullptr && item->type);
    llm::MediaPart& part = *parts[i];
    before_.emplace_back(&part, part);
    part.source = llm::MediaSource::base64;
    part.kind = item->type->kind;
    part.data = {.bytes = item->held.view(), .escaped = true};
    part.media_type = {.bytes = item->type->name};
  }
}

MediaFetches::InPlace::~InPlace() {
  for (auto& [part, before] : before_) *part = before;
}

}  // namespace sluice::gateway
