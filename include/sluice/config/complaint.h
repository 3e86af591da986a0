// Complaints: everything that is wrong with a configuration, each with its place, so that an
// operator mends a file in one round.
//
//   sluice.toml:12:9: provider[0].dialect: "opanai" is no dialect; did you mean "openai"?
//
// A complaint never repeats a value that may be a secret: a key may be pasted anywhere.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/attributes.h"

namespace sluice::config {

/// A position in a text, counted from 1, columns in characters. 0:0 means the file as a whole, or
/// that there is none.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

enum class Severity : std::uint8_t {
  note,     // worth knowing: something was skipped
  warning,  // works, but is likely not meant
  error,    // this configuration cannot be used
};

struct Complaint {
  Severity severity = Severity::error;
  Place place;
  std::string key;   // "provider[0].dialect"; empty: the file as a whole
  std::string text;  // what is wrong and what would be right, no full stop at the end
  friend bool operator==(const Complaint&, const Complaint&) = default;
};

class Complaints {
 public:
  /// `file` is what complaints are prefixed with; empty for the environment.
  explicit Complaints(std::string file = {}) : file_(std::move(file)) {}

  void error(Place place, std::string key, std::string text);
  void warning(Place place, std::string key, std::string text);
  void note(std::string text);

  /// Whether there is at least one error.
  [[nodiscard]] bool failed() const noexcept { return errors_ > 0; }
  [[nodiscard]] const std::vector<Complaint>& all() const noexcept SLUICE_LIFETIMEBOUND {
    return all_;
  }
  /// Those that were counted but not kept: of each severity the first `kept_max` are.
  [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }
  [[nodiscard]] const std::string& file() const noexcept SLUICE_LIFETIMEBOUND { return file_; }

  /// "file:line:column: key: text", one line without its end.
  [[nodiscard]] std::string render(const Complaint& complaint) const;
  /// Every complaint of at least that severity, ordered by place, a line each.
  [[nodiscard]] std::string render(Severity at_least = Severity::error) const;

  static constexpr std::size_t kept_max = 50;

 private:
  void add(Complaint complaint);
  std::string file_;
  std::vector<Complaint> all_;
  std::size_t kept_[3] = {};
  std::size_t errors_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace sluice::config
