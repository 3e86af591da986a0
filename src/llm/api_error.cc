#include "sluice/llm/api_error.h"

#include <algorithm>

#include "sluice/json/utf8.h"
#include "sluice/llm/anthropic_error.h"
#include "sluice/llm/openai_error.h"

namespace sluice::llm {

std::string_view to_string(ApiErrorKind kind) noexcept {
  switch (kind) {
    case ApiErrorKind::bad_request: return "bad_request";
    case ApiErrorKind::unauthenticated: return "unauthenticated";
    case ApiErrorKind::forbidden: return "forbidden";
    case ApiErrorKind::not_found: return "not_found";
    case ApiErrorKind::method_not_allowed: return "method_not_allowed";
    case ApiErrorKind::too_large: return "too_large";
    case ApiErrorKind::client_timeout: return "client_timeout";
    case ApiErrorKind::context_length: return "context_length";
    case ApiErrorKind::content_filter: return "content_filter";
    case ApiErrorKind::rate_limited: return "rate_limited";
    case ApiErrorKind::quota_exhausted: return "quota_exhausted";
    case ApiErrorKind::overloaded: return "overloaded";
    case ApiErrorKind::upstream_auth: return "upstream_auth";
    case ApiErrorKind::upstream_failed: return "upstream_failed";
    case ApiErrorKind::upstream_timeout: return "upstream_timeout";
    case ApiErrorKind::unsupported: return "unsupported";
    case ApiErrorKind::shutting_down: return "shutting_down";
  }
  __builtin_unreachable();
}

std::string render_error_body(const ApiError& error, Dialect dialect, std::string_view request_id) {
  switch (dialect) {
    case Dialect::openai: return render_openai_error_body(error, request_id);
    case Dialect::anthropic: return render_anthropic_error_body(error, request_id);
  }
  __builtin_unreachable();
}

std::string render_error_event(const ApiError& error, Dialect dialect,
                               std::string_view request_id) {
  switch (dialect) {
    case Dialect::openai: return render_openai_error_event(error, request_id);
    case Dialect::anthropic: return render_anthropic_error_event(error, request_id);
  }
  __builtin_unreachable();
}

std::optional<std::string> retry_after_value(const ApiError& error) {
  if (!error.retry_after) return std::nullopt;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count();
  return std::to_string(std::max<std::int64_t>(seconds, 1));
}

namespace {

bool is_token_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '*';
}

// The beginnings of the providers' keys, and long runs of letters and digits, which no word is.
bool looks_like_credential(std::string_view token) {
  constexpr std::size_t key_bytes_min = 8;
  constexpr std::size_t run_bytes_min = 24;
  if (token.size() < key_bytes_min) return false;
  for (const std::string_view beginning :
       {"sk-", "pk-", "rk-", "sk_", "gsk_", "xai-", "AIza", "csk-", "hf_", "key-", "fw_", "slk_",
        "AKIA", "ASIA", "ya29", "eyJ"}) {
    if (token.starts_with(beginning)) return true;
  }
  std::size_t run = 0;
  bool digit = false;
  bool letter = false;
  for (const char c : token) {
    if (c == '-' || c == '_') {
      run = 0;
      digit = letter = false;
      continue;
    }
    ++run;
    (c >= '0' && c <= '9' ? digit : letter) = true;
    if (run >= run_bytes_min && digit && letter) return true;
  }
  return false;
}

// Control characters and runs of white space as one space; wrong UTF-8 as U+FFFD.
std::string cleaned(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size_bytes = json::utf8_sequence_bytes(text);
    const char c = text.front();
    if (size_bytes == 0) {
      json::append_utf8(out, 0xFFFD);
    } else if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += text.substr(0, size_bytes);
    }
    text.remove_prefix(std::max<std::size_t>(size_bytes, 1));
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace

std::string quotable(std::string_view text, std::size_t bytes_max) {
  // What lies far behind the cut need not be looked at; a credential across the cut must.
  constexpr std::size_t reach_bytes = 4096;
  const std::string clean = cleaned(json::utf8_prefix(text, bytes_max + reach_bytes));
  std::string out;
  bool after_bearer = false;
  for (std::size_t at = 0; at < clean.size();) {
    std::size_t end = at;
    while (end < clean.size() && is_token_byte(clean[end])) ++end;
    if (end == at) {
      out += clean[at++];
      continue;
    }
    const std::string_view token = std::string_view(clean).substr(at, end - at);
    if (looks_like_credential(token) || after_bearer) {
      out += "[removed]";
    } else {
      out += token;
    }
    after_bearer = token == "Bearer" || token == "bearer";
    at = end;
  }
  if (out.size() <= bytes_max && text.size() <= bytes_max + reach_bytes) return out;
  return std::string(json::utf8_prefix(out, bytes_max)) + "...";
}

}  // namespace sluice::llm
