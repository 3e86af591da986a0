// A chat, or texts to embed, on the way to a provider that speaks another dialect: the request
// written anew, and what is needed to write its answer anew.
#pragma once
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/slice.h"
#include "sluice/catalog/deployment.h"
#include "sluice/json/index.h"
#include "sluice/llm/answer_translation.h"
#include "sluice/llm/chat_translation.h"
#include "sluice/llm/embeddings_request.h"
#include "sluice/llm/request.h"

namespace sluice::gateway {

class TranslatedCall {
 public:
  struct Config {
    const llm::Request& request;  // as understood
    // The same body, read whole: one of the two, the other is null.
    const llm::ChatRequest* chat;
    const llm::EmbeddingsRequest* embeddings;
    const catalog::Deployment& deployment;
    std::string_view request_id;
    WallTime now;
  };
  /// Writes the request; an error is the client's to mend. `index` is scratch. Lifetime: what
  /// `config` refers to outlives the call, but for the chat and embeddings: until let_go().
  [[nodiscard]] static std::expected<std::unique_ptr<TranslatedCall>, llm::ApiError> write(
      const Config& config, json::Index& index);

  /// What follows the provider's base URL.
  [[nodiscard]] std::string_view target() const noexcept { return target_; }
  [[nodiscard]] const Slice& body() const noexcept { return body_; }
  /// It was sent, and will not be again; what translates the answer was made.
  void let_go() noexcept {
    body_.reset();
    config_.chat = nullptr;
    config_.embeddings = nullptr;
  }
  [[nodiscard]] llm::StreamFraming framing() const noexcept {
    return llm::stream_framing(dialect_);
  }
  /// The parameters that the provider has no counterpart for; may be empty.
  [[nodiscard]] std::span<const std::string> dropped() const noexcept { return dropped_; }
  /// The media type of the answer that the client sees.
  [[nodiscard]] std::string_view answer_media_type() const noexcept;

  /// For the answer of a chat, if it comes as a stream.
  [[nodiscard]] std::unique_ptr<llm::AnswerTranslation> translation() const;

  /// For an answer that goes on with another provider's.
  [[nodiscard]] std::unique_ptr<llm::ChatReader> reader() const;
  [[nodiscard]] llm::AnswerFrame::Cost cost() const noexcept;

  struct WholeAnswer {
    std::optional<llm::ApiError> error = {};  // and no bytes
    std::string bytes = {};
    llm::Usage usage = {};
    std::string_view estimated = {};  // a member of the usage shown that is no provider's word
    std::optional<llm::RepairOutcome> repair = {};
  };
  /// Writes the whole body of a 2xx answer anew. `index` is scratch.
  [[nodiscard]] WholeAnswer read_whole(std::string_view body, json::Index& index) const;

 private:
  explicit TranslatedCall(const Config& config);
  [[nodiscard]] llm::WrittenCall write_body(json::Index& index) const;
  [[nodiscard]] llm::AnswerFrame frame() const;
  [[nodiscard]] WholeAnswer read_embeddings(std::string_view body, json::Index& index) const;
  std::optional<llm::ApiError> adapt_to_host(json::Index& index);

  Config config_;
  llm::ChatDialect dialect_;
  std::string target_;
  Slice body_;
  std::vector<std::string> dropped_;
  llm::AskedFor asked_;
};

}  // namespace sluice::gateway
