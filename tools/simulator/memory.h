// What is remembered of the last chat request, so that the next ones like it are answered without
// being read anew.
//
//   head   [POST /v1/chat/completions HTTP/1.1 ... \r\n\r\n]        the same bytes
//   body   [{"model":"m","messages":[{"role":"user","content":"]    the same bytes
//          [a prompt of as many bytes]                              any text without an escape
//          ["}]}]                                                   the same bytes
//
// Such a request is framed as the remembered one is, is the same JSON but for one string, and is
// decided upon in the same way: of its answer only the text, which follows from the prompt, and the
// ids are others. The date is another one too, so what was learnt is good for its second.
//
// A request is learnt when the one before it had the same head, for learning costs as much as
// answering. No I/O and no clock: time is passed in.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "simulator/answer.h"
#include "simulator/form.h"
#include "sluice/base/clock.h"

namespace sluice::simulator {

class Memory {
 public:
  /// A request that is like the remembered one.
  struct Recalled {
    std::size_t request_bytes = 0;  // head and body
    std::uint64_t seed = 0;         // of the prompt
    Form* form = nullptr;           // null: it is not like it. Good until the next learn()
  };
  /// `received` begins where a request does, and may not hold all of it.
  [[nodiscard]] Recalled recall(std::string_view received, WallTime now) noexcept;

  /// `head` and `body`: of a request that `wire` answers, kept alive and without fault. `said` is
  /// of that answer; its prompt lies in `body`.
  void learn(std::string_view head, std::string_view body, const Said& said,
             std::string_view request_id, std::string_view wire, WallTime now);

 private:
  std::string head_{};
  std::string front_{};
  std::string back_{};
  std::size_t prompt_bytes_ = 0;
  std::chrono::sys_seconds second_{};
  std::optional<Form> form_{};
  std::uint64_t last_head_ = 0;  // seed_of() the last one that might have been learnt
};

}  // namespace sluice::simulator
