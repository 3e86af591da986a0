#include "error_words.h"

#include <algorithm>

#include "sluice/llm/provider_error.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

// A string, or a number as text (some hosts' codes are); anything else is nothing.
std::string text_of(Value value) {
  if (value.is(Kind::string)) return *value.string();
  if (value.is(Kind::number)) return std::string(value.raw());
  return {};
}

std::string text_or_json(Value value) {
  return value.is(Kind::string) ? text_of(value) : std::string(value.raw());
}

// "com.amazon.coral#ThrottlingException:http://internal.amazon.com/..": the name alone.
std::string aws_name(std::string_view type) {
  type = type.substr(0, type.find(':'));
  const std::size_t hash = type.rfind('#');
  if (hash != type.npos) type.remove_prefix(hash + 1);
  std::string name(type);
  // In a stream the same names begin in lower case.
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') {
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
  }
  return name;
}

bool has_daily_quota(Value violations) {
  for (const Value violation : violations.elements()) {
    const auto quota = violation.find("quotaId");
    if (quota && text_of(*quota).contains("PerDay")) return true;
  }
  return false;
}

// Google's: [{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}]. The
// members say what they are.
void read_details(Value details, ErrorWords& words) {
  for (const Value detail : details.elements()) {
    for (const json::Member member : detail.members()) {
      if (member.key.string_equals("reason") && words.reason.empty()) {
        words.reason = text_of(member.value);
      } else if (member.key.string_equals("retryDelay")) {
        words.retry_delay = read_retry_delay(text_of(member.value));
      } else if (member.key.string_equals("violations")) {
        words.daily_quota = words.daily_quota || has_daily_quota(member.value);
      }
    }
  }
}

void read_members(Value object, ErrorWords& words) {
  for (const json::Member member : object.members()) {
    const auto is = [&](std::string_view name) { return member.key.string_equals(name); };
    if (is("message") || is("Message") || (is("detail") && words.message.empty())) {
      words.message = text_or_json(member.value);
    } else if (is("type")) {
      words.type = text_of(member.value);
    } else if (is("__type")) {
      words.type = aws_name(text_of(member.value));
    } else if (is("code")) {
      words.code = text_of(member.value);
    } else if (is("status")) {
      words.status = text_of(member.value);
    } else if (is("param")) {
      words.param = text_of(member.value);
    } else if (is("failed_generation")) {
      words.failed_generation = text_of(member.value);
    } else if (is("details")) {
      read_details(member.value, words);
    }
  }
}

// {"error":{..}}; {"error":"text","code":..}; {"message","type","code"}; {"detail":..}.
void read_object(Value top, ErrorWords& words) {
  const auto error = top.find("error");
  if (error && error->is(Kind::object)) {
    read_members(*error, words);
    return;
  }
  read_members(top, words);
  if (error && error->is(Kind::string)) words.message = text_of(*error);
}

bool contains(std::string_view text, std::string_view part) noexcept {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [&](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

}  // namespace

bool ErrorWords::named(std::span<const std::string_view> names) const noexcept {
  return std::ranges::any_of(names, [&](std::string_view name) {
    return code == name || type == name || status == name || reason == name;
  });
}

bool ErrorWords::says(std::span<const std::string_view> parts) const noexcept {
  return std::ranges::any_of(parts, [&](std::string_view part) { return contains(message, part); });
}

ErrorWords read_error_words(std::string_view body, std::string_view aws_error_type,
                            json::Index& index) {
  ErrorWords words;
  if (index.build(body)) {
    Value top = json::root(index);
    if (top.is(Kind::array) && !top.is_empty()) top = *top.elements().begin();
    if (top.is(Kind::object)) read_object(top, words);
  }
  if (!aws_error_type.empty()) words.type = aws_name(aws_error_type);
  return words;
}

ErrorWords read_error_words(Value error, std::string_view aws_error_type) {
  ErrorWords words;
  if (error.is(Kind::object)) read_members(error, words);
  if (error.is(Kind::string)) words.message = text_of(error);
  if (!aws_error_type.empty()) words.type = aws_name(aws_error_type);
  return words;
}

}  // namespace sluice::llm
