#include "simulator/memory.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "simulator/bytes32.h"
#include "simulator/text.h"
#include "sluice/base/assert.h"
#include "sluice/base/byte_scan.h"
#include "sluice/json/utf8.h"

namespace sluice::simulator {
namespace {

// What is longer is sent for its length, not for the pace: it would only be copied here.
constexpr std::size_t learnt_bytes_max = 16 * 1024;

// Whether the inside of a JSON string may be this, and means what it is: no quote, no escape, no
// control character. Most is ASCII, which is told thirty-two bytes at a time.
bool is_plain(std::string_view text) noexcept {
  Bytes32 found{};
  std::size_t at = 0;
  for (; at + sizeof found <= text.size(); at += sizeof found) {
    Bytes32 b;
    std::memcpy(&b, text.data() + at, sizeof b);
    found |= (b < ' ') | (b == '"') | (b == '\\');  // what is beyond ASCII is below zero
  }
  const auto low = std::bit_cast<std::array<std::uint64_t, 4>>(found);
  const bool any_odd = (low[0] | low[1] | low[2] | low[3]) != 0;
  const auto odd = [](ByteBlock b) { return (b < ' ') | (b == '"') | (b == '\\'); };
  if (!any_odd && !any_byte(text.substr(at), odd)) return true;
  const auto wrong = [](ByteBlock b) { return (b == '"') | (b == '\\') | ((b < ' ') & (b >= 0)); };
  return !any_byte(text, wrong) && json::is_utf8(text);
}

std::chrono::sys_seconds second_of(WallTime now) noexcept {
  return std::chrono::floor<std::chrono::seconds>(now);
}

}  // namespace

Memory::Recalled Memory::recall(std::string_view received, WallTime now) noexcept {
  if (!form_) return {};
  const std::size_t request_bytes = head_.size() + front_.size() + prompt_bytes_ + back_.size();
  if (received.size() < request_bytes || !received.starts_with(head_)) return {};
  std::string_view body = received.substr(head_.size(), request_bytes - head_.size());
  if (!body.starts_with(front_) || !body.ends_with(back_)) return {};
  body.remove_prefix(front_.size());
  const std::string_view prompt = body.substr(0, prompt_bytes_);
  if (!is_plain(prompt) || second_of(now) != second_) return {};
  return {request_bytes, seed_of(prompt), &*form_};
}

void Memory::learn(std::string_view head, std::string_view body, const Said& said,
                   std::string_view request_id, std::string_view wire, WallTime now) {
  const std::uint64_t this_head = seed_of(head);
  const bool again = this_head == last_head_;
  last_head_ = this_head;
  if (!again || head.size() + body.size() - said.prompt.size() > learnt_bytes_max) return;
  form_ = Form::learn(wire, {request_id, said.id, seed_of(said.prompt)}, said.tokens, said.ended);
  const auto prompt_begin = static_cast<std::size_t>(said.prompt.data() - body.data());
  SLUICE_ASSERT(prompt_begin + said.prompt.size() <= body.size());
  head_ = head;
  front_ = body.substr(0, prompt_begin);
  back_ = body.substr(prompt_begin + said.prompt.size());
  prompt_bytes_ = said.prompt.size();
  second_ = second_of(now);
}

}  // namespace sluice::simulator
