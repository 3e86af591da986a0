// Fuzzes both HTTP/1.1 head parsers, and the framing, target and writer behind them. Byte 0 chooses
// the cut of property 2.
//   1. every view points into the input (the zero-copy promise), or is empty or the path "/";
//   2. a strict prefix of a complete head is need_more, and going on from there gives the same
//   head;
//   3. a head written again from its parts is read as the same parts;
//   4. what a parser refuses, it refuses wherever the input is cut.
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/assert.h"
#include "sluice/http/framing.h"
#include "sluice/http/head_parser.h"
#include "sluice/http/head_writer.h"

namespace {

using namespace sluice;
using namespace sluice::http;

void assert_inside(std::string_view wire, std::string_view view) {
  if (view.empty()) return;
  SLUICE_ASSERT(view.data() >= wire.data());
  SLUICE_ASSERT(view.data() + view.size() <= wire.data() + wire.size());
}

bool same_headers(const HeaderList& a, const HeaderList& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i])) return false;
  }
  return true;
}

bool same(const RequestHead& a, const RequestHead& b) {
  return a.method == b.method && a.version == b.version && a.method_text == b.method_text &&
         a.target == b.target && a.authority == b.authority && a.path == b.path &&
         a.query == b.query && same_headers(a.headers, b.headers);
}

bool same(const ResponseHead& a, const ResponseHead& b) {
  return a.version == b.version && a.status == b.status && a.reason == b.reason &&
         same_headers(a.headers, b.headers);
}

void assert_views(std::string_view wire, const RequestHead& head) {
  for (const auto& view : {head.method_text, head.target, head.authority, head.query}) {
    assert_inside(wire, view);
  }
  if (head.path != "/") assert_inside(wire, head.path);
  SLUICE_ASSERT(!head.path.empty());
}

void assert_views(std::string_view wire, const ResponseHead& head) {
  assert_inside(wire, head.reason);
  SLUICE_ASSERT(head.status >= 100 && head.status <= 999);
}

void start_line(HeadWriter& writer, const RequestHead& head) {
  writer.request_line(head.method_text, head.target);
}

void start_line(HeadWriter& writer, const ResponseHead& head) {
  writer.status_line(head.status, head.reason);
}

// A written head says HTTP/1.1 and the standard reason where there was none.
void settle(RequestHead& written, const RequestHead& head) { written.version = head.version; }
void settle(ResponseHead& written, const ResponseHead& head) {
  written.version = head.version;
  if (head.reason.empty()) written.reason = {};
}

bool needs_host(const RequestHead& head) { return !head.headers.contains("host"); }
bool needs_host(const ResponseHead&) { return false; }

void ask_framing(const RequestHead& head) {
  const auto framing = request_framing(head);
  SLUICE_ASSERT(!framing || framing->kind != BodyKind::until_close);
}

void ask_framing(const ResponseHead& head) {
  for (const Method method : {Method::post, Method::head}) {
    const auto framing = response_framing(head, method);
    SLUICE_ASSERT(!framing || framing->kind != BodyKind::until_close || !framing->keep_alive);
  }
}

template <typename Parser, typename Head>
void check(std::string_view wire, std::uint8_t chooser) {
  Head head;
  Parser parser;
  const HeadParse whole = parser.parse(wire, head);
  const std::size_t end =
      whole.status == ParseStatus::complete ? whole.bytes_consumed : wire.size();
  SLUICE_ASSERT(end <= wire.size());

  const std::size_t cut = chooser * end / 256;
  Parser resumed;
  Head resumed_head;
  const std::string prefix(wire.substr(0, cut));
  HeadParse parse = resumed.parse(prefix, resumed_head);
  SLUICE_ASSERT(parse.status != ParseStatus::complete);
  if (parse.status == ParseStatus::need_more) parse = resumed.parse(wire, resumed_head);
  SLUICE_ASSERT(parse.status == whole.status);
  if (whole.status == ParseStatus::malformed) SLUICE_ASSERT(whole.rejection.reason[0] != '\0');
  if (whole.status != ParseStatus::complete) return;
  SLUICE_ASSERT(parse.bytes_consumed == whole.bytes_consumed);
  SLUICE_ASSERT(same(head, resumed_head));

  assert_views(wire.substr(0, end), head);
  for (const Header& header : head.headers) {
    assert_inside(wire.substr(0, end), header.name);
    assert_inside(wire.substr(0, end), header.value);
    SLUICE_ASSERT(head.headers.contains(header.name));
  }
  ask_framing(head);

  if (needs_host(head)) return;  // written as HTTP/1.1 it would be refused
  HeadWriter writer;
  start_line(writer, head);
  for (const Header& header : head.headers) writer.header(header.name, header.value);
  const Result<Slice> written = writer.finish();
  SLUICE_ASSERT(written.has_value());
  Head again;
  const HeadLimits roomy{.head_bytes_max = 1024 * 1024};
  const HeadParse reparse = Parser(roomy).parse(written->view(), again);
  SLUICE_ASSERT(reparse.status == ParseStatus::complete);
  SLUICE_ASSERT(reparse.bytes_consumed == written->size());
  settle(again, head);
  SLUICE_ASSERT(same(head, again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size_bytes) {
  if (size_bytes == 0) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 1, size_bytes - 1);
  check<RequestHeadParser, RequestHead>(wire, data[0]);
  check<ResponseHeadParser, ResponseHead>(wire, data[0]);
  return 0;
}
