#include "sluice/json/object_edit.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sluice/base/assert.h"

namespace sluice::json {
namespace {

void add_member(std::string& list, std::string_view quoted_name, std::string_view value) {
  if (!list.empty()) list += ',';
  list += quoted_name;
  list += ':';
  list += value;
}

}  // namespace

ObjectEdit::ObjectEdit(Value object) : object_(object) { SLUICE_ASSERT(object.is(Kind::object)); }

void ObjectEdit::remove(const Member& member) {
  if (!is_removed(member)) removed_.push_back(member.key.token());
}

void ObjectEdit::add_first(std::string_view quoted_name, std::string_view value) {
  add_member(first_, quoted_name, value);
}

void ObjectEdit::add_last(std::string_view quoted_name, std::string_view value) {
  add_member(last_, quoted_name, value);
}

bool ObjectEdit::is_removed(const Member& member) const noexcept {
  return std::find(removed_.begin(), removed_.end(), member.key.token()) != removed_.end();
}

// One pass over the members, run by run. `gap_begin` is where the bytes that go begin: behind the
// last member that stays, or at the first member as long as none stays.
void ObjectEdit::write_to(Splice& splice) const {
  if (empty()) return;
  const std::size_t open = object_.span().offset + 1;
  bool any_stays = false;
  bool in_gap = false;  // a run of removed members is being passed; no optional: GCC 12 loses track
  std::size_t gap_begin = open;
  std::size_t list_end = open;  // behind the last member read
  const auto replace = [&](std::size_t begin, std::size_t end, std::string text) {
    splice.replace({begin, end - begin}, text.empty() ? Slice() : Slice::take(std::move(text)));
  };

  for (const Member member : object_.members()) {
    const std::size_t begin = member.key.span().offset;
    if (is_removed(member)) {
      if (!in_gap) gap_begin = any_stays ? list_end : begin;
      in_gap = true;
    } else if (!any_stays) {
      // The first that stays: a run in front of it goes with its commas, up to this key.
      replace(in_gap ? gap_begin : begin, begin, first_.empty() ? "" : first_ + ',');
      in_gap = false;
      any_stays = true;
    } else if (in_gap) {
      replace(gap_begin, list_end, "");
      in_gap = false;
    }
    list_end = member.value.span().end();
  }
  replace(in_gap ? gap_begin : list_end, list_end, added_text(any_stays));
}

// What stands at the end of the list: the members to add there, and those for the front as well
// when there is nothing left to stand in front of.
std::string ObjectEdit::added_text(bool something_stays) const {
  if (something_stays) return last_.empty() ? "" : ',' + last_;
  if (first_.empty() || last_.empty()) return first_ + last_;
  return first_ + ',' + last_;
}

}  // namespace sluice::json
