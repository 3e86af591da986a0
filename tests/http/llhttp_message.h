// One HTTP/1.1 message as llhttp 9 reads it in its strict mode, for comparison with our reading.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http::test {

enum class Verdict { complete, incomplete, refused };

struct Message {
  Verdict verdict = Verdict::incomplete;
  bool head_done = false;
  bool keep_alive = false;
  bool upgrade = false;  // llhttp only: it hands the connection over
  std::string method;    // requests
  std::string target;    // requests
  unsigned status = 0;   // responses
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::size_t end = 0;             // complete: bytes of the message
  bool tab_in_connection = false;  // llhttp only: a tab around a Connection header's value
  std::string reason;              // refused: why
};

enum class Side { request, response };

[[nodiscard]] Message read_with_llhttp(std::string_view wire, Side side);
[[nodiscard]] Message read_with_ours(std::string_view wire, Side side);

}  // namespace sluice::http::test
