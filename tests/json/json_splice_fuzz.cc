// Fuzzes edits of an object: byte 0 says what is added, byte 1 which members go.
//   1. the edited body is JSON, and its members are those that stay, byte for byte, and the added;
//   2. it equals what naive string editing gives;
//   3. the slices that are not additions point into the body (the zero-copy promise).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/json/object_edit.h"

namespace {

using namespace sluice;
using namespace sluice::json;

struct Item {
  std::string key;
  std::string value;
  friend bool operator==(const Item&, const Item&) = default;
};

std::vector<Item> items_of(std::string_view text) {
  Index index;
  SLUICE_ASSERT(index.build(text).has_value());
  std::vector<Item> items;
  for (const Member member : root(index).members()) {
    items.push_back({std::string(member.key.raw()), std::string(member.value.raw())});
  }
  return items;
}

// The naive way: edits applied to a string from the back.
std::string edited_naively(std::string text, std::vector<std::pair<Span, std::string>> edits) {
  for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit) {
    text.replace(edit->first.offset, edit->first.size_bytes, edit->second);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes < 2) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 2, size_bytes - 2);
  Index index;
  if (!index.build(text) || !root(index).is(Kind::object)) return 0;

  ObjectEdit change(root(index));
  Splice splice;
  std::vector<Item> expected;
  if ((data[0] & 1) != 0) expected.push_back({"\"first\"", "1"});
  std::vector<std::pair<Span, std::string>> replacements;
  unsigned position = 0;
  for (const Member member : root(index).members()) {
    const bool goes = ((data[1] >> (position % 8)) & 1) != 0;
    const bool changes = (data[0] & 4) != 0 && position % 3 == 0;
    ++position;
    if (goes) {
      change.remove(member);
      continue;
    }
    expected.push_back({std::string(member.key.raw()), std::string(member.value.raw())});
    if (!changes) continue;
    expected.back().value = "[0]";
    replacements.emplace_back(member.value.span(), "[0]");
    splice.replace(member.value.span(), Slice::of_static("[0]"));
  }
  if ((data[0] & 2) != 0) expected.push_back({"\"last\"", "2"});

  const Slice body = Slice::copy_of(text);
  SLUICE_ASSERT(splice.apply(body).to_string() == edited_naively(text, replacements));

  if ((data[0] & 1) != 0) change.add_first("\"first\"", "1");
  if ((data[0] & 2) != 0) change.add_last("\"last\"", "2");
  change.write_to(splice);
  SLUICE_ASSERT(splice.fits(body.size()));
  const SliceChain chain = splice.apply(body);
  SLUICE_ASSERT(chain.size_bytes() == splice.edited_bytes(body.size()));
  SLUICE_ASSERT(items_of(chain.to_string()) == expected);

  std::size_t shared_bytes = 0;
  for (const Slice& slice : chain) {
    if (slice.data() >= body.data() && slice.data() < body.data() + body.size()) {
      shared_bytes += slice.size();
    }
  }
  SLUICE_ASSERT(shared_bytes <= body.size());
  SLUICE_ASSERT(shared_bytes + 64 + 3 * replacements.size() >= chain.size_bytes());
  return 0;
}
