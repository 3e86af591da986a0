#include "sluice/http/head.h"

#include <algorithm>

#include "sluice/http/text.h"

namespace sluice::http {

Method method_of(std::string_view text) noexcept {
  // Methods are case-sensitive (RFC 9110 9.1).
  switch (text.size()) {
    case 3:
      if (text == "GET") return Method::get;
      if (text == "PUT") return Method::put;
      break;
    case 4:
      if (text == "POST") return Method::post;
      if (text == "HEAD") return Method::head;
      break;
    case 5:
      if (text == "PATCH") return Method::patch;
      if (text == "TRACE") return Method::trace;
      break;
    case 6:
      if (text == "DELETE") return Method::delete_;
      break;
    case 7:
      if (text == "OPTIONS") return Method::options;
      break;
    default: break;
  }
  return Method::other;
}

const Header* HeaderList::find(std::string_view name) const noexcept {
  const FieldName known = field_name(name);
  if (known != FieldName::other || !contains(known)) return find(known);
  for (const ReceivedHeader& header : headers_) {
    if (header.known == FieldName::other && equal_ignoring_case(header.name, name)) return &header;
  }
  return nullptr;
}

const Header* HeaderList::find_known(FieldName name) const noexcept {
  for (const ReceivedHeader& header : headers_) {
    if (header.known == name) return &header;
  }
  return nullptr;
}

std::size_t HeaderList::count(FieldName name) const noexcept {
  std::size_t count = 0;
  for (const ReceivedHeader& header : headers_) count += header.known == name ? 1U : 0U;
  return count;
}

std::size_t HeaderList::count(std::string_view name) const noexcept {
  const FieldName known = field_name(name);
  if (known != FieldName::other) return count(known);
  std::size_t count = 0;
  for (const Header& header : headers_) count += equal_ignoring_case(header.name, name) ? 1U : 0U;
  return count;
}

void HeaderList::grow() {
  constexpr std::size_t usual = 16;
  headers_.reserve(std::max(usual, 2 * headers_.capacity()));
}

void HeaderList::rebase(std::uintptr_t from, const char* to) noexcept {
  // Addresses, not pointers: the bytes the views pointed into may be gone.
  const auto moved = [from, to](std::string_view view) noexcept {
    const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(view.data()) - from;
    return std::string_view(to + offset, view.size());
  };
  for (Header& header : headers_) {
    header.name = moved(header.name);
    header.value = moved(header.value);
  }
}

void RequestHead::clear() noexcept {
  method = Method::other;
  version = Version::http_1_1;
  method_text = target = authority = path = query = {};
  headers.clear();
}

void ResponseHead::clear() noexcept {
  version = Version::http_1_1;
  status = 0;
  reason = {};
  headers.clear();
}

}  // namespace sluice::http
