// What a chat names by URLs, fetched for the providers of one exchange that fetch nothing.
//
//   attempt 1 (takes URLs)    nothing
//   attempt 2 (takes none)    fetch() --several beside each other--> the bytes stand in the chat
//   attempt 3 (takes none)    what is there already             while its call is written
//
// Each URL is fetched once, whatever becomes of it: a failure is as good for the next attempt.
// Memory: base64 of media.total_bytes_max at most, until the exchange drops it.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media_download.h"
#include "sluice/gateway/gateway.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_request.h"

namespace sluice::gateway {

class MediaFetches {
 public:
  /// Lifetime: all outlive it.
  MediaFetches(Core& core, Generation& generation, llm::ChatRequest& chat);
  MediaFetches(const MediaFetches&) = delete;
  MediaFetches& operator=(const MediaFetches&) = delete;
  ~MediaFetches();

  /// Fetches what `parts` of the chat name and is not there yet. An error is the first in their
  /// order. When `stop` stopped, it means nothing.
  [[nodiscard]] Task<std::optional<llm::ApiError>> fetch(std::vector<llm::MediaPart*> parts,
                                                         StopToken stop);

  /// While it lives, the bytes stand in the chat in place of the URLs of `parts`. All of them are
  /// fetched. Lifetime: the fetches outlive it.
  class InPlace {
   public:
    InPlace(const MediaFetches& fetches, std::vector<llm::MediaPart*> parts);
    InPlace(const InPlace&) = delete;
    InPlace& operator=(const InPlace&) = delete;
    ~InPlace();

   private:
    std::vector<std::pair<llm::MediaPart*, llm::MediaPart>> before_;
  };

 private:
  struct Item;
  struct Round;
  Item& item_of(const llm::MediaPart& part);
  [[nodiscard]] const Item* find(const llm::MediaPart& part) const;
  Task<void> fetch_some(Round& round);
  [[nodiscard]] llm::ApiError explain(const Item& item, const DownloadFailure& failure) const;

  Core& core_;
  const config::MediaConfig& config_;
  llm::ChatRequest& chat_;
  net::AddressFilter filter_;
  std::uint64_t total_left_;
  DownloadSetting setting_;
  std::map<std::string, std::unique_ptr<Item>, std::less<>> items_;  // by URL
};

}  // namespace sluice::gateway
