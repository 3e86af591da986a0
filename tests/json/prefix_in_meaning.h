// Whether one document says the beginning of what another says: what repair() promises of a valid
// document that was cut.
#pragma once
#include <string>

#include "sluice/json/value.h"

namespace sluice::json::testing {

// Lone halves of surrogate pairs are compared as spelled, for unescaped all of them are U+FFFD.
inline bool is_text_prefix(Value part, Value whole) {
  return whole.string_raw()->starts_with(*part.string_raw()) ||
         whole.string()->starts_with(*part.string());
}

/// Recursion: tests use documents of moderate depth.
inline bool is_prefix(Value part, Value whole);

inline bool is_list_prefix(Value part, Value whole) {
  auto in_whole = whole.elements().begin();
  const auto end = whole.elements().end();
  for (const Value element : part.elements()) {
    if (in_whole == end || !is_prefix(element, *in_whole)) return false;
    ++in_whole;
  }
  return true;
}

inline bool is_member_prefix(Value part, Value whole) {
  auto in_whole = whole.members().begin();
  const auto end = whole.members().end();
  for (const Member member : part.members()) {
    if (in_whole == end || *member.key.string() != *(*in_whole).key.string()) return false;
    if (!is_prefix(member.value, (*in_whole).value)) return false;
    ++in_whole;
  }
  return true;
}

inline bool is_prefix(Value part, Value whole) {
  if (part.kind() != whole.kind()) return false;
  switch (part.kind()) {
    case Kind::object: return is_member_prefix(part, whole);
    case Kind::array: return is_list_prefix(part, whole);
    case Kind::string: return is_text_prefix(part, whole);
    case Kind::number: return whole.raw().starts_with(part.raw());
    case Kind::boolean:
    case Kind::null: return part.raw() == whole.raw();
  }
  return false;
}

}  // namespace sluice::json::testing
