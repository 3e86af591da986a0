// The members that the gateway adds to answers: `request_id` and `provider`, at the end of the top
// object of a whole answer or of a stream's first chunk.
//
//   {"id":"a","choices":[...]}  ->
//   {"id":"a","choices":[...],"request_id":"req_1","provider":"acme"}
//                             ^ the place
//
// A member that is there already stays as the provider sent it. Where the members go is found once
// and stays true for every answer that differs only in front of the place.
#pragma once
#include <cstddef>
#include <string_view>

#include "sluice/json/splice.h"
#include "sluice/json/value.h"

namespace sluice::llm {

struct TagPlace {
  std::size_t bytes_behind = 0;  // of the answer, behind the place
  bool behind_member = false;    // the object has members: a comma is needed
  bool has_request_id = false;
  bool has_provider = false;

  friend bool operator==(const TagPlace&, const TagPlace&) = default;
};

/// `answer` is an object, the top value of its index.
[[nodiscard]] TagPlace find_tag_place(json::Value answer);

/// The edits of an answer of `answer_bytes` bytes that has its place there; none when nothing is to
/// be added.
[[nodiscard]] json::Splice tag_answer(const TagPlace& place, std::size_t answer_bytes,
                                      std::string_view request_id, std::string_view provider);

}  // namespace sluice::llm
