#include "simulator/echo.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>

#include "sluice/json/utf8.h"
#include "sluice/json/writer.h"

namespace sluice::simulator {

Answer answer_echo(const http::RequestHead& head, std::string_view body) {
  constexpr std::size_t body_bytes_shown_max = 64 * 1024;
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const std::uint8_t*>(body.data()), body.size(), digest.data());
  Answer answer;
  json::Writer writer(answer.body);
  writer.begin_object().key("object").string("sim.echo");
  writer.key("method").string(head.method_text).key("target").string(head.target);
  writer.key("body_bytes").unsigned_integer(body.size());
  writer.key("body_sha256").string(fmt::format("{:02x}", fmt::join(digest, "")));
  const bool shown =
      body.size() <= body_bytes_shown_max && json::find_invalid_utf8(body) == body.size();
  writer.key("body");
  shown ? writer.string(body) : writer.null();
  writer.key("headers").begin_array();
  for (const http::Header& header : head.headers) {
    writer.begin_array().string(header.name).string(header.value).end_array();
  }
  writer.end_array().end_object();
  return answer;
}

}  // namespace sluice::simulator
