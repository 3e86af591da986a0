// Removes members from one object and adds others, commas included, as edits of a Splice.
//
//   {"a":1,"b":2,"c":3}   remove a, b     {"c":3}          a run in front takes its commas with it
//   {"a":1,"b":2,"c":3}   remove b, c     {"a":1}          any other run takes the comma before it
//   {"a":1}               remove a, add   {"z":9}          and an emptied object needs none
//
// All changes of one object's member list go through one ObjectEdit, because which comma goes
// depends on the neighbours. Values of members that stay may be replaced in the Splice directly.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sluice/json/splice.h"
#include "sluice/json/value.h"

namespace sluice::json {

class ObjectEdit {
 public:
  /// `object` must be one.
  explicit ObjectEdit(Value object);

  /// Takes a member of this object out; a second time is the same as once.
  void remove(const Member& member);
  /// Adds `"name":value` in front of what stays; both texts are JSON already. The first one added
  /// stands first.
  void add_first(std::string_view quoted_name, std::string_view value);
  /// The same, behind what stays.
  void add_last(std::string_view quoted_name, std::string_view value);

  [[nodiscard]] bool empty() const noexcept {
    return removed_.empty() && first_.empty() && last_.empty();
  }
  /// Writes the edits into `splice`. Call once, when all is said.
  void write_to(Splice& splice) const;

 private:
  [[nodiscard]] bool is_removed(const Member& member) const noexcept;
  [[nodiscard]] std::string added_text(bool something_stays) const;

  Value object_;
  std::vector<std::uint32_t> removed_;  // tokens of keys
  std::string first_;                   // members joined with commas
  std::string last_;
};

}  // namespace sluice::json
