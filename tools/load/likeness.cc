#include "load/likeness.h"

#include <array>

#include "sluice/base/assert.h"

namespace sluice::load {
namespace {

constexpr std::array<bool, 256> id_bytes = [] {
  std::array<bool, 256> is{};
  for (const char c :
       std::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"))
    is[static_cast<unsigned char>(c)] = true;
  return is;
}();

// How many bytes of an id `text` begins with.
std::size_t id_size(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && id_bytes[static_cast<unsigned char>(text[size])]) ++size;
  return size;
}

}  // namespace

void Likeness::learn(std::string_view text, std::string_view id, std::string_view content) {
  front_.clear();
  if (id_size(id) != id.size()) return;
  const auto id_begin = static_cast<std::size_t>(id.data() - text.data());
  const auto content_begin = static_cast<std::size_t>(content.data() - text.data());
  const std::size_t id_end = id_begin + id.size();
  SLUICE_ASSERT(0 < id_begin && id_end <= content_begin);
  SLUICE_ASSERT(content_begin + content.size() <= text.size());
  front_ = text.substr(0, id_begin);
  middle_ = text.substr(id_end, content_begin - id_end);
  back_ = text.substr(content_begin + content.size());
}

std::optional<std::string_view> Likeness::content_of(std::string_view text) const noexcept {
  if (front_.empty() || !text.starts_with(front_)) return std::nullopt;
  text.remove_prefix(front_.size());
  // The id is looked at last: what is not like it mostly differs behind it.
  const std::string_view id = text.substr(0, text.find('"'));
  text.remove_prefix(id.size());
  if (text.size() < middle_.size() + back_.size() || !text.starts_with(middle_) ||
      !text.ends_with(back_) || id_size(id) != id.size()) {
    return std::nullopt;
  }
  text.remove_suffix(back_.size());
  text.remove_prefix(middle_.size());
  return text;
}

}  // namespace sluice::load
