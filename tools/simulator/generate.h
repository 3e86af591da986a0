// Generated text, cut into tokens, and JSON that fits a schema: what the answers are made of.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/random.h"
#include "sluice/json/value.h"

namespace sluice::simulator {

struct Text {
  std::string bytes;
  std::vector<std::uint32_t> ends;  // where each token ends in `bytes`
  bool ended = true;                // finish reason "stop"; false: "length"
  bool plain = true;                // needs no escaping as JSON

  [[nodiscard]] std::size_t tokens() const noexcept { return ends.size(); }
  [[nodiscard]] std::string_view token(std::size_t index) const noexcept {
    const std::size_t begin = index == 0 ? 0 : ends[index - 1];
    return std::string_view(bytes).substr(begin, ends[index] - begin);
  }
};

/// `wanted` tokens of words, cut to `limit` (0: none) and before the first of `stops`. `begun`:
/// what was said of it before, if it begins with that: then it is what is left, and so limited.
[[nodiscard]] Text generate_text(std::uint64_t seed, std::uint64_t wanted, std::uint64_t limit,
                                 const std::vector<std::string>& stops,
                                 std::string_view begun = {});

/// `bytes` in tokens of about four bytes, no character cut, limited and begun as above.
[[nodiscard]] Text tokenize(std::string bytes, std::uint64_t limit, std::string_view begun = {});

/// Appends the token as the inside of a JSON string.
void append_token(std::string& out, const Text& text, std::size_t index);

/// JSON that fits a simple schema: type, properties, items, enum, const, anyOf, $ref into $defs,
/// minimum, minItems, format. Bounded in depth and size; what is not understood becomes null.
[[nodiscard]] std::string value_for_schema(json::Value schema, std::uint64_t seed);

/// An id as OpenAI spells them: the prefix and `letters` letters and digits.
[[nodiscard]] std::string make_id(std::string_view prefix, Random& random,
                                  std::size_t letters = 29);

/// Draws the letters behind the first `prefix_bytes` of an id anew.
void draw_letters(std::string& id, std::size_t prefix_bytes, Random& random) noexcept;

inline constexpr std::string_view chat_id_prefix = "chatcmpl-";

/// The seed of choice `index` of a request; the first one's is the request's own.
[[nodiscard]] std::uint64_t seed_of_choice(std::uint64_t seed, std::uint64_t index) noexcept;

}  // namespace sluice::simulator
