#include "sluice/upstream/aws_signature.h"

#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "sluice/base/assert.h"
#include "sluice/base/hex.h"
#include "sluice/base/percent.h"

namespace sluice::upstream {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view date_name = "x-amz-date";
constexpr std::string_view token_name = "x-amz-security-token";

std::string hexadecimal(const Digest& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

Digest hmac(std::string_view key, std::string_view message) {
  Digest digest;
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  const void* made =
      HMAC(EVP_sha256(), key.data(), key.size(), bytes, message.size(), digest.data(), &size);
  SLUICE_ASSERT(made != nullptr && size == digest.size());
  return digest;
}

std::string_view view_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Good for one day, region and service.
Digest signing_key(const Secret& secret, std::string_view day, const AwsScope& scope) {
  std::string begin = "AWS4";
  begin.reserve(begin.size() + secret.size());  // so that no copy of the secret is left behind
  begin += secret.reveal();
  Digest key = hmac(begin, day);
  wipe_memory(begin.data(), begin.size());
  for (const std::string_view part :
       {scope.region, scope.service, std::string_view("aws4_request")}) {
    const Digest next = hmac(view_of(key), part);
    wipe_memory(key.data(), key.size());
    key = next;
  }
  return key;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Without white space at its ends, and each run inside as one space.
std::string folded(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '%' && text.size() - at > 2 && hex_value(text[at + 1]) >= 0 &&
                        hex_value(text[at + 2]) >= 0;
    if (!escape) {
      out.push_back(text[at]);
      continue;
    }
    out.push_back(static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2])));
    at += 2;
  }
  return out;
}

// Without empty and dot segments (RFC 3986 5.2.4), each segment encoded once more.
std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> segments;
  bool ends_with_slash = true;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    ends_with_slash = end < path.size() || segment == "." || segment == "..";
    path.remove_prefix(std::min(end + 1, path.size()));
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : segments) {
    out.push_back('/');
    append_percent_encoded(out, segment);
  }
  if (out.empty() || ends_with_slash) out.push_back('/');
  return out;
}

// Sorted by name, then value, as encoded; a name without '=' has an empty value.
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    auto& [name, value] = parameters.emplace_back();
    append_percent_encoded(name, decoded(parameter.substr(0, equals)));
    append_percent_encoded(value,
                           decoded(parameter.substr(std::min(equals + 1, parameter.size()))));
  }
  std::ranges::sort(parameters);
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out.push_back('&');
    out.append(name).append("=").append(value);
  }
  return out;
}

// "20150830T123600Z"
std::string time_text(WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  std::string out;
  const auto append = [&out](std::int64_t number, std::size_t digits) {
    const std::string text = std::to_string(number);
    if (text.size() < digits) out.append(digits - text.size(), '0');
    out += text;
  };
  append(static_cast<int>(date.year()), 4);
  append(static_cast<unsigned>(date.month()), 2);
  append(static_cast<unsigned>(date.day()), 2);
  out.push_back('T');
  append(time.hours().count(), 2);
  append(time.minutes().count(), 2);
  append(time.seconds().count(), 2);
  out.push_back('Z');
  return out;
}

// Names sorted, values of one name joined in their order.
using SignedFields = std::map<std::string, std::string>;

void add_field(SignedFields& fields, std::string_view name, std::string_view value) {
  const auto [place, added] = fields.try_emplace(lower_case(name), folded(value));
  if (!added) place->second.append(",").append(folded(value));
}

std::string signed_names(const SignedFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out.push_back(';');
    out += name;
  }
  return out;
}

std::string canonical_request(const AwsRequest& request, const SignedFields& fields,
                              std::string_view names) {
  std::string out;
  out.append(request.method).append("\n");
  out.append(canonical_path(request.path)).append("\n");
  out.append(canonical_query(request.query)).append("\n");
  for (const auto& [name, value] : fields) out.append(name).append(":").append(value).append("\n");
  out.append("\n").append(names).append("\n").append(request.payload_hash);
  return out;
}

std::string hash_of(std::string_view text) { return aws_payload_hash({&text, 1}); }

}  // namespace

std::string aws_payload_hash(std::span<const std::string_view> parts) {
  SHA256_CTX context;
  SHA256_Init(&context);
  for (const std::string_view part : parts) SHA256_Update(&context, part.data(), part.size());
  Digest digest;
  SHA256_Final(digest.data(), &context);
  return hexadecimal(digest);
}

AwsSignature sign_aws_request(const catalog::AwsKey& credentials, const AwsScope& scope,
                              const AwsRequest& request, WallTime now) {
  AwsSignature signature{.authorization = {}, .date = time_text(now), .security_token = {}};
  SignedFields fields;
  for (const AwsField& field : request.fields) add_field(fields, field.name, field.value);
  add_field(fields, date_name, signature.date);
  if (!credentials.session_token.empty()) {
    add_field(fields, token_name, credentials.session_token.reveal());
    signature.security_token = credentials.session_token.clone();
  }
  const std::string names = signed_names(fields);
  std::string canonical = canonical_request(request, fields, names);

  const std::string_view day = std::string_view(signature.date).substr(0, 8);
  std::string scope_text(day);
  for (const std::string_view part :
       {scope.region, scope.service, std::string_view("aws4_request")}) {
    scope_text.append("/").append(part);
  }
  std::string to_sign(algorithm);
  to_sign.append("\n").append(signature.date).append("\n").append(scope_text).append("\n");
  to_sign.append(hash_of(canonical));

  Digest key = signing_key(credentials.secret_access_key, day, scope);
  const std::string proof = hexadecimal(hmac(view_of(key), to_sign));
  wipe_memory(key.data(), key.size());
  wipe_memory(canonical.data(), canonical.size());  // it holds the session token
  for (auto& [name, value] : fields) wipe_memory(value.data(), value.size());

  signature.authorization.append(algorithm)
      .append(" Credential=")
      .append(credentials.access_key_id)
      .append("/")
      .append(scope_text)
      .append(", SignedHeaders=")
      .append(names)
      .append(", Signature=")
      .append(proof);
  return signature;
}

}  // namespace sluice::upstream
