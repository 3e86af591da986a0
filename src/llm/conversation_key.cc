#include "sluice/llm/conversation_key.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace sluice::llm {
namespace {

using json::Kind;
using json::Member;
using json::Value;

constexpr std::size_t text_bytes_max = 4'096;
constexpr std::size_t parts_max = 16;
constexpr std::size_t messages_max = 16;  // looked at until one is not the system's
constexpr std::size_t members_max = 16;   // of a part that is no text

// Eight bytes a step, by the rounds of XXH64. What each text is follows from its length in front.
class Hash {
 public:
  explicit Hash(std::uint64_t key) noexcept : state_(key ^ 0x27D4EB2F165667C5ULL) {}

  void add(std::string_view text) noexcept {
    text = text.substr(0, text_bytes_max);
    step(text.size());
    while (!text.empty()) {
      std::uint64_t word = 0;
      const std::size_t size = std::min(text.size(), sizeof word);
      std::memcpy(&word, text.data(), size);
      step(word);
      text.remove_prefix(size);
    }
  }

  [[nodiscard]] std::uint64_t value() const noexcept {
    std::uint64_t value = state_;
    value = (value ^ (value >> 33)) * 0xC2B2AE3D27D4EB4FULL;
    value = (value ^ (value >> 29)) * 0x165667B19E3779F9ULL;
    return value ^ (value >> 32);
  }

 private:
  void step(std::uint64_t word) noexcept {
    state_ ^= std::rotl(word * 0xC2B2AE3D27D4EB4FULL, 31) * 0x9E3779B185EBCA87ULL;
    state_ = std::rotl(state_, 27) * 0x9E3779B185EBCA87ULL + 0x85EBCA77C2B2AE63ULL;
  }

  std::uint64_t state_;
};

// The words of a body, as far as they stay what they are while a conversation goes on.
class Words {
 public:
  explicit Words(std::uint64_t key) noexcept : hash_(key) {}

  [[nodiscard]] std::optional<std::uint64_t> of(const Request& request, Value top) noexcept {
    hash_.add(request.model);
    if (request.operation == Operation::responses) {
      if (const auto instructions = top.find("instructions")) add_content(*instructions);
      add_input(top);
    } else if (request.operation == Operation::messages) {
      if (const auto system = top.find("system")) add_content(*system);
      add_turns(top.find("messages"));
    } else if (request.operation == Operation::chat_completions) {
      add_turns(top.find("messages"));
    }
    return any_ ? std::optional(hash_.value()) : std::nullopt;
  }

 private:
  void add_text(std::string_view spelled) noexcept {
    hash_.add(spelled);
    any_ = any_ || !spelled.empty();
  }

  void add_content(Value content) noexcept {
    if (const auto text = content.string_raw()) return add_text(*text);
    std::size_t count = 0;
    for (const Value part : content.elements()) {
      if (++count > parts_max) return;
      add_part(part);
    }
  }

  void add_part(Value part) noexcept {
    const auto text = part.find("text");
    if (text && text->is(Kind::string)) return add_text(*text->string_raw());
    std::size_t count = 0;
    for (const Member member : part.members()) {
      if (++count > members_max) return;
      if (!member.key.string_equals("cache_control")) add_text(member.value.raw());
    }
  }

  // The system's, and the first that is not.
  void add_turns(std::optional<Value> messages) noexcept {
    if (!messages) return;
    std::size_t count = 0;
    for (const Value message : messages->elements()) {
      if (++count > messages_max) return;
      const auto content = message.find("content");
      if (content) {
        add_content(*content);
      } else {
        add_part(message);  // an item of another kind
      }
      const auto role = message.find("role");
      const bool of_system =
          role && (role->string_equals("system") || role->string_equals("developer"));
      if (!of_system) return;
    }
  }

  // A conversation that is kept elsewhere has a name there. The id of the response before tells
  // nothing: it is another one each time.
  void add_input(Value top) noexcept {
    const auto conversation = top.find("conversation");
    if (conversation && !conversation->is_null()) {
      const auto id = conversation->find("id");
      return add_text((id ? *id : *conversation).raw());
    }
    const auto previous = top.find("previous_response_id");
    if (previous && !previous->is_null()) {
      any_ = false;
      return;
    }
    const auto input = top.find("input");
    if (!input) return;
    if (const auto text = input->string_raw()) return add_text(*text);
    add_turns(input);
  }

  Hash hash_;
  bool any_ = false;
};

}  // namespace

std::uint64_t conversation_key(std::string_view session, std::uint64_t key) noexcept {
  Hash hash(key);
  hash.add(session);
  return hash.value();
}

std::optional<std::uint64_t> conversation_key(const Request& request, Value top,
                                              std::uint64_t key) noexcept {
  if (!request.session.empty()) return conversation_key(request.session, key);
  if (!request.user.empty()) return conversation_key(request.user, key);
  return Words(key).of(request, top);
}

}  // namespace sluice::llm
