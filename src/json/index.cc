#include "sluice/json/index.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "grammar.h"
#include "scalars.h"
#include "sluice/base/assert.h"
#include "sluice/json/utf8.h"
#include "token_count.h"

namespace sluice::json {
namespace {

constexpr std::size_t text_bytes_max = 0xFFFFFFFF - 63;  // tokens are 32-bit offsets
constexpr std::size_t first_capacity_bytes = 16 * 1024;

// Where the text breaks a rule that stage 1 checks but does not locate: on the way to an error
// message only, so a plain loop will do.
IndexError locate_stage1_defect(std::string_view text) noexcept {
  if (const std::size_t bad = find_invalid_utf8(text); bad != text.size()) {
    return {Defect::invalid_utf8, bad, "the bytes are not UTF-8"};
  }
  bool in_string = false;
  bool escaped = false;
  std::size_t quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && static_cast<unsigned char>(c) < 0x20) {
      return {Defect::malformed, i, "a control character in a string must be escaped"};
    }
    // Stage 1, too, lets a backslash outside strings hide a quote.
    if (c == '"' && !escaped) {
      in_string = !in_string;
      quote = i;
    }
    escaped = c == '\\' && !escaped;
  }
  return {Defect::malformed, quote, "the string does not end"};
}

}  // namespace

Index::Index(const IndexLimits& limits) : limits_(limits) {
  SLUICE_ASSERT(limits_.depth_max >= 1);
  limits_.bytes_max = std::min(limits_.bytes_max, text_bytes_max);
  open_ = std::make_unique_for_overwrite<std::uint32_t[]>(limits_.depth_max);
}

Index::~Index() = default;

// Written out so that what was moved from holds no document and no pointer into the other's memory.
Index::Index(Index&& other) noexcept
    : limits_(other.limits_),
      stage1_(std::move(other.stage1_)),
      partners_(std::move(other.partners_)),
      open_(std::move(other.open_)),
      partners_capacity_(std::exchange(other.partners_capacity_, 0)),
      tokens_(std::exchange(other.tokens_, nullptr)),
      tokens_count_(std::exchange(other.tokens_count_, 0)),
      text_(std::exchange(other.text_, {})),
      first_backslash_(std::exchange(other.first_backslash_, nullptr)) {}

Index& Index::operator=(Index&& other) noexcept {
  if (this == &other) return *this;
  limits_ = other.limits_;
  stage1_ = std::move(other.stage1_);
  partners_ = std::move(other.partners_);
  open_ = std::move(other.open_);
  partners_capacity_ = std::exchange(other.partners_capacity_, 0);
  tokens_ = std::exchange(other.tokens_, nullptr);
  tokens_count_ = std::exchange(other.tokens_count_, 0);
  text_ = std::exchange(other.text_, {});
  first_backslash_ = std::exchange(other.first_backslash_, nullptr);
  return *this;
}

std::expected<void, IndexError> Index::build(std::string_view text) {
  clear();
  auto built = build_document(text);
  if (!built) clear();
  return built;
}

std::expected<void, IndexError> Index::build_document(std::string_view text) {
  if (text.empty()) {
    return std::unexpected(IndexError{Defect::empty, 0, "there is nothing to read"});
  }
  if (text.size() > limits_.bytes_max) {
    return std::unexpected(IndexError{Defect::too_large, limits_.bytes_max, "it is too large"});
  }
  // No token is shorter than a byte, so few texts are counted. 64 MiB of "1," took 376 ms and
  // 512 MiB otherwise.
  if (text.size() > limits_.tokens_max && has_more_tokens(text, limits_.tokens_max)) {
    return std::unexpected(IndexError{Defect::too_many, text.size(), "it has too many values"});
  }
  if (!reserve_text(text.size())) {
    return std::unexpected(IndexError{Defect::too_large, limits_.bytes_max, "it is too large"});
  }
  const simdjson::error_code status =
      stage1_->stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                      simdjson::stage1_mode::regular);
  if (status == simdjson::EMPTY) {
    return std::unexpected(IndexError{Defect::empty, 0, "there is nothing but white space"});
  }
  if (status != simdjson::SUCCESS) return std::unexpected(locate_stage1_defect(text));

  const std::uint32_t count = stage1_->n_structural_indexes;
  stage1_->structural_indexes[count] = static_cast<std::uint32_t>(text.size());
  reserve_partners(count);
  first_backslash_ = find_backslash(text.data(), text.data() + text.size());
  const auto defect = check_grammar({.text = text,
                                     .first_backslash = first_backslash_,
                                     .tokens = stage1_->structural_indexes.get(),
                                     .tokens_count = count,
                                     .partners = partners_.get(),
                                     .open = open_.get(),
                                     .depth_max = limits_.depth_max});
  if (defect) return std::unexpected(*defect);
  tokens_ = stage1_->structural_indexes.get();
  tokens_count_ = count;
  text_ = text;
  return {};
}

void Index::clear() noexcept {
  tokens_ = nullptr;
  tokens_count_ = 0;
  text_ = {};
  release_if_large();
}

std::size_t Index::storage_bytes() const noexcept {
  const std::size_t tokens = stage1_ == nullptr ? 0 : stage1_->capacity();
  return (tokens + partners_capacity_) * sizeof(std::uint32_t);
}

void Index::release_if_large() noexcept {
  if (stage1_ == nullptr || stage1_->capacity() <= limits_.retained_bytes_max) return;
  stage1_.reset();
  partners_.reset();
  partners_capacity_ = 0;
}

// Storage is for the worst case, a token per byte, but only what is written becomes resident.
bool Index::reserve_text(std::size_t size_bytes) {
  if (stage1_ != nullptr && stage1_->capacity() >= size_bytes) return true;
  std::size_t capacity = first_capacity_bytes;
  while (capacity < size_bytes) capacity *= 2;
  // Never rounded up from what is kept to what is not: it would be allocated anew each time.
  if (size_bytes <= limits_.retained_bytes_max) {
    capacity = std::min(capacity, std::max(limits_.retained_bytes_max, size_bytes));
  }
  capacity = std::min(capacity, text_bytes_max);
  if (stage1_ == nullptr) {
    const simdjson::error_code status =
        simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1,
                                                                                stage1_);
    return status == simdjson::SUCCESS;
  }
  return stage1_->allocate(capacity, 1) == simdjson::SUCCESS;
}

void Index::reserve_partners(std::uint32_t count) {
  if (partners_capacity_ >= count) return;
  partners_capacity_ = std::max<std::size_t>(count, partners_capacity_ * 2);
  partners_ = std::make_unique_for_overwrite<std::uint32_t[]>(partners_capacity_);
}

}  // namespace sluice::json
