// The OpenAI-dialect exchanges under tests/fixtures/recorded, with all that a replay needs.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::gateway::testing {

using RecordedHeaders = std::vector<std::pair<std::string, std::string>>;

struct RecordedExchange {
  std::string name;  // file, line and case
  std::string path;  // below the version: "/chat/completions"
  std::string content_type;
  std::string request_body;  // made up when only the answer was recorded
  bool request_recorded = true;
  int status = 200;
  RecordedHeaders response_headers;  // framing fields excepted
  std::string response_body;

  /// Whether the answer is an event stream.
  [[nodiscard]] bool is_stream() const;
};

/// One recorded file.
struct RecordedFile {
  std::string name;  // below tests/fixtures/recorded
  std::vector<RecordedExchange> exchanges;
  std::vector<std::string> left_out;  // exchanges that cannot be replayed, each with its reason
};

/// Every file of the OpenAI dialect, in order of its name. Of an answer without request a request
/// is made up; of a stream two, one of which asks for its usage.
[[nodiscard]] std::vector<RecordedFile> recorded_files();

}  // namespace sluice::gateway::testing
