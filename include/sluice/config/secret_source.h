// Where a secret comes from. A configuration file names the place and never holds the secret:
//
//   keys = [{ env = "OPENAI_API_KEY" }, { file = "/etc/sluice/openai.key" }, { credential =
//   "openai" }]
//
// A credential is a file in $CREDENTIALS_DIRECTORY, as systemd's LoadCredential= puts it there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/base/secret.h"
#include "sluice/config/complaint.h"
#include "sluice/config/environment.h"

namespace sluice::config {

struct SecretSource {
  enum class Kind : std::uint8_t {
    env,
    file,
    credential,
    metadata,  // no secret: tokens of the machine's own account, by Google Cloud's metadata server
  } kind = Kind::env;
  std::string name;  // variable, path, credential or account name
  Place place;       // of the entry in the file
  std::string key;   // "provider[0].keys[1]", for complaints
  // Of a provider's keys alone.
  double weight = 1.0;                // share among the provider's
  std::uint32_t concurrency_max = 0;  // attempts at once with it, of one worker; 0: no limit

  /// "env OPENAI_API_KEY": what may be shown. A name of doubtful shape is replaced by the key.
  [[nodiscard]] std::string label() const;
};

/// Longer secrets are refused: a file that is not a key was named.
inline constexpr std::size_t secret_bytes_max = 16 * 1024;

/// What a secret may look like.
enum class SecretForm : std::uint8_t {
  word,              // printable ASCII without spaces: it goes into a header
  word_or_document,  // or a JSON object, as Google's key files are
};

/// Fetches the secret; not of Kind::metadata. Line ends and spaces around it are trimmed; what is
/// left must be of the form. Nothing, with a complaint that names the source
/// and what would be right, when it cannot be had. A world-readable file gives a warning.
/// `folder` is where relative paths start (the configuration file's).
[[nodiscard]] std::optional<Secret> fetch(const SecretSource& source,
                                          const Environment& environment, const std::string& folder,
                                          Complaints& complaints,
                                          SecretForm form = SecretForm::word);

}  // namespace sluice::config
