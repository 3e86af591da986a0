// Unwraps the input of a custom tool, which takes text of any kind, from the arguments of the
// function that stands for it where a provider has no custom tools:
//
//   pieces  {"inp   ut": "ls   -l\   n"}        ->        ls   -l   LF
//
// A model may write other arguments than it was told to: what is no such object is passed on as it
// is. Holds back what cannot be told yet: at most the beginning of the object and of one escape.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::llm {

class WrappedInput {
 public:
  /// The text that a further piece of the arguments brings: UTF-8, may be empty. Lifetime: until
  /// the next call.
  [[nodiscard]] std::string_view feed(std::string_view piece);
  /// What was held back, once there are no more pieces.
  [[nodiscard]] std::string_view end();

 private:
  enum class State : std::uint8_t { before, inside, behind, other } state_ = State::before;
  void take_text(std::string_view piece);
  std::size_t take_escape(std::string_view escape);
  void put_unicode(char32_t code);
  void put_half();

  std::string held_;
  std::string out_;
  char32_t high_half_ = 0;  // of a surrogate pair
};

}  // namespace sluice::llm
