#include "sluice/config/secret_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sluice/config/spelling.h"

namespace sluice::config {
namespace {

// A pasted key is no variable name by convention: those are upper case with underscores.
bool showable_variable(std::string_view name) {
  return name.size() <= 64 && (name.size() < 12 || name.find('_') != std::string_view::npos) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// What has neither a slash nor a dot is more likely a key than a file.
bool showable_path(std::string_view path) {
  return path.find_first_of("/.") != std::string_view::npos && path.size() <= 256 &&
         showable(path.substr(path.rfind('/') + 1));
}

std::string why(const Error& error) {
  switch (error.kind) {
    case ErrorKind::not_found: return "there is no such file";
    case ErrorKind::too_large: return "it is larger than 16 KiB, which no key is";
    case ErrorKind::invalid: return "it is not a regular file";
    case ErrorKind::cancelled:
    case ErrorKind::deadline_exceeded:
    case ErrorKind::resolve_failed:
    case ErrorKind::connect_failed:
    case ErrorKind::connection_closed:
    case ErrorKind::connection_reset:
    case ErrorKind::tls_failed:
    case ErrorKind::certificate_invalid:
    case ErrorKind::malformed:
    case ErrorKind::exhausted:
    case ErrorKind::unsupported:
    case ErrorKind::io: break;
  }
  return error.os_errno != 0 ? std::strerror(error.os_errno) : "it cannot be read";
}

struct Fetcher {
  const SecretSource& source;
  const Environment& environment;
  Complaints& complaints;

  std::nullopt_t complain(std::string text) const {
    complaints.error(source.place, source.key, std::move(text));
    return std::nullopt;
  }

  std::optional<std::string> variable() const {
    auto value = environment.variable(source.name);
    if (value && !value->empty()) return value;
    if (showable_variable(source.name)) {
      return complain(fmt::format("the environment variable {} is {}; set it to the key",
                                  source.name, value ? "empty" : "not set"));
    }
    return complain(
        "the environment variable named here is not set; if this is the key itself, take it out of "
        "the file and revoke it");
  }

  std::optional<std::string> file(const std::string& path) const {
    Result<FileContents> contents = environment.read_file(path, secret_bytes_max);
    const std::string name = showable_path(source.name) ? path : "the file named here";
    if (!contents) return complain(fmt::format("{}: {}", name, why(contents.error())));
    if ((contents->mode & 0004) != 0) {
      complaints.warning(source.place, source.key,
                         name + " can be read by everybody; chmod 600 it, or 640 for a group");
    }
    return std::move(contents->bytes);
  }

  std::optional<std::string> credential() const {
    const auto folder = environment.variable("CREDENTIALS_DIRECTORY");
    if (!folder || folder->empty()) {
      return complain(
          "$CREDENTIALS_DIRECTORY is not set: credentials need systemd's LoadCredential= in the "
          "unit");
    }
    return file(*folder + "/" + source.name);
  }
};

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Trims in place and wipes what is cut off: no second copy of the secret stays behind.
void trim(std::string& text) {
  const auto last = std::find_if_not(text.rbegin(), text.rend(), is_space);
  const auto end = static_cast<std::size_t>(text.rend() - last);
  const auto first = std::find_if_not(text.begin(), text.end(), is_space);
  const auto begin = std::min(end, static_cast<std::size_t>(first - text.begin()));
  std::memmove(text.data(), text.data() + begin, end - begin);
  wipe_memory(text.data() + (end - begin), text.size() - (end - begin));
  text.resize(end - begin);
}

std::optional<std::string_view> unusable(std::string_view secret, SecretForm form) {
  if (secret.empty()) return "it is empty; it must hold the key";
  if (secret.size() > secret_bytes_max) return "it is longer than 16 KiB, which no key is";
  if (form == SecretForm::word_or_document && secret.starts_with('{')) return std::nullopt;
  if (!std::all_of(secret.begin(), secret.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
    return "the key has spaces, line ends or characters that are not ASCII; it must be one word";
  }
  return std::nullopt;
}

}  // namespace

std::string SecretSource::label() const {
  switch (kind) {
    case Kind::env: return "env " + (showable_variable(name) ? name : key);
    case Kind::file: return "file " + (showable_path(name) ? name : key);
    case Kind::credential: return "credential " + (showable(name) ? name : key);
    case Kind::metadata: return "metadata server, account " + (showable(name) ? name : key);
  }
  return key;
}

std::optional<Secret> fetch(const SecretSource& source, const Environment& environment,
                            const std::string& folder, Complaints& complaints, SecretForm form) {
  const Fetcher fetcher{source, environment, complaints};
  std::optional<std::string> bytes;
  switch (source.kind) {
    case SecretSource::Kind::env: bytes = fetcher.variable(); break;
    case SecretSource::Kind::file:
      bytes = fetcher.file(source.name.starts_with('/') ? source.name : folder + "/" + source.name);
      break;
    case SecretSource::Kind::credential: bytes = fetcher.credential(); break;
    case SecretSource::Kind::metadata: break;  // it has no secret
  }
  if (!bytes) return std::nullopt;
  trim(*bytes);
  const auto complaint = unusable(*bytes, form);
  Secret secret(std::move(*bytes));
  if (complaint) return fetcher.complain(source.label() + ": " + std::string(*complaint));
  return secret;
}

}  // namespace sluice::config
