// Recorded answers by name, read from a folder at start and given back byte for byte.
//
//   <stem>.pairs.jsonl   exchanges, one per line     named "<case>" and "<stem>/<case>"
//   <stem>.sse           the body of a stream        named "<stem>"
//   <stem>.chunks.txt    one payload per line, put into events here, as its dialect frames them
//   <stem>.json          the body of an answer that is no stream
//
// A case of several exchanges: "<case>#2" is the second. Where two files would give one name, the
// first counts, and the folder in front tells them apart: "anthropic/messages/<stem>/<case>". Asked
// for by the header `x-sim-replay` or by a model named `sim-replay-<name>`, in any dialect.
#pragma once
#include <cstddef>
#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "simulator/answer.h"
#include "sluice/json/index.h"

namespace sluice::simulator {

class Recordings {
 public:
  /// Reads every file of the folder and below; files of other kinds are passed over. On failure: a
  /// sentence that names the file.
  [[nodiscard]] static std::expected<Recordings, std::string> load(const std::string& folder);

  /// Adds what one file holds; `file` is its path below the folder. For tests and load().
  [[nodiscard]] std::expected<void, std::string> add(std::string_view file, std::string_view text);

  /// Null when there is none of that name.
  [[nodiscard]] const Answer* find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const noexcept { return answers_.size(); }
  [[nodiscard]] auto begin() const noexcept { return answers_.begin(); }
  [[nodiscard]] auto end() const noexcept { return answers_.end(); }

 private:
  std::expected<void, std::string> add_pair(std::string_view folder, std::string_view stem,
                                            std::string_view line, json::Index& index);
  std::map<std::string, Answer, std::less<>> answers_;
};

inline constexpr std::string_view replay_model_prefix = "sim-replay-";

}  // namespace sluice::simulator
