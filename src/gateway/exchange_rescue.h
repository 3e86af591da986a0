// Rescue: a stream that broke off after the commit point goes on with another deployment, where
// the caller or the file asks for that.
//
//   shown so far --> the conversation with it behind, as the assistant's words --> other
//   deployments, the fallbacks', at last those that broke --> the first to go on is shown next
//
// Only who goes on with words that are put into its mouth is asked (llm/continuation.h). The
// client is kept waiting by comments meanwhile; a mark in the stream says where another goes on.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "exchange.h"

namespace sluice::gateway {

class Exchange::StreamRescue {
 public:
  /// Lifetime: the exchange outlives it.
  explicit StreamRescue(Exchange& exchange) noexcept;

  /// Whether run() is worth a try, the stream that is shown being broken so.
  [[nodiscard]] bool may_help(const llm::ApiError& error) const noexcept;

  /// Asks around. True: the exchange has another attempt to show, or the answer turned out to be
  /// whole; what comes next of it is held by the attempt that is shown. False: nobody goes on, or
  /// the exchange is over. Lifetime of `error`: the caller's frame.
  [[nodiscard]] Task<bool> run(const llm::ApiError& error);
  /// The client could not be written to meanwhile, as is noted: nothing more is to be said.
  [[nodiscard]] bool has_lost_client() const noexcept { return has_lost_client_; }

 private:
  Task<bool> ask_around();
  Task<bool> ask_planned(bool those_that_broke);
  Task<bool> ask(const route::Step& step);
  Task<void> keep_client();
  [[nodiscard]] bool was_whole();
  [[nodiscard]] bool turn_to_fallback(std::size_t number);
  [[nodiscard]] bool goes_on(const catalog::Deployment& deployment) const;
  [[nodiscard]] bool has_broken(const catalog::Deployment& deployment) const noexcept;
  MaybeError write_rest();
  void serve(std::unique_ptr<Attempt> attempt);

  Exchange& exchange_;
  std::uint32_t tries_left_;  // of all that breaks in one exchange
  CachedVector<const catalog::Deployment*> broken_;
  std::unique_ptr<llm::AnswerTranslation> translation_;  // while nobody has it
  std::string said_;                                     // until the last break
  std::string_view after_;                               // its kind of error
  StopSource* asking_ = nullptr;                         // run()'s, while others are asked
  bool has_lost_client_ = false;
};

}  // namespace sluice::gateway
