// Compares our HTTP/1.1 reading with llhttp's (Node.js's parser, strict mode): whatever we accept
// it must accept, with the same method, target, headers, body and end. We may refuse more.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "llhttp_message.h"
#include "sluice/base/random.h"
#include "sluice/http/head.h"
#include "sluice/http/text.h"

namespace sluice::http::test {
namespace {

std::vector<std::string> load_corpus(const char* name) {
  std::vector<std::string> seeds;
  const std::filesystem::path folder = std::filesystem::path(SLUICE_TEST_CORPUS) / name;
  std::set<std::filesystem::path> paths;  // in order, so that a seed of the generator repeats
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.insert(entry.path());
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    seeds.back().erase(0, 1);  // the byte that steers the fuzz target
  }
  return seeds;
}

std::vector<std::string> make_seeds() {
  std::vector<std::string> seeds = load_corpus("http_head");
  for (const std::string& body : load_corpus("http_chunked")) {
    seeds.push_back("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
    seeds.push_back("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
  }
  return seeds;
}

const std::string_view dictionary[] = {
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "5",
    "f",
    "\r\n\r\n",
    "chunked",
    "Transfer-Encoding: ",
    "Content-Length: ",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Host: a\r\n",
    "HTTP/1.0",
    "HTTP/1.1",
    "GET",
    "X:",
    "\"",
    "=",
    "-",
    "+",
    "0x",
    "\x80",
    "#",
    "?",
    "Expect: 100-continue\r\n",
    " chunked",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "100",
    "204",
    "304",
    "200",
};

std::string mutate(std::string wire, const std::vector<std::string>& seeds, Random& random) {
  const std::uint64_t changes = random.between(1, 3);
  for (std::uint64_t i = 0; i < changes; ++i) {
    const std::size_t at = random.below(wire.size() + 1);
    switch (random.below(6)) {
      case 0: wire.insert(at, dictionary[random.below(std::size(dictionary))]); break;
      case 1: wire.erase(at, random.between(1, 4)); break;
      case 2:
        if (at < wire.size()) wire[at] = static_cast<char>(random.below(256));
        break;
      case 3: {  // replace by a word, to keep the rest in place
        const std::string_view word = dictionary[random.below(std::size(dictionary))];
        wire.replace(at, std::min(word.size(), wire.size() - at), word);
        break;
      }
      case 4: {  // one line twice
        const std::size_t line = wire.find("\r\n", at);
        const std::size_t next = line == wire.npos ? wire.npos : wire.find("\r\n", line + 2);
        if (next != wire.npos) wire.insert(line, wire.substr(line, next - line));
        break;
      }
      default: {  // the head of one, the tail of another
        const std::string& other = seeds[random.below(seeds.size())];
        wire = wire.substr(0, at) + other.substr(random.below(other.size() + 1));
      }
    }
  }
  return wire;
}

bool has(const Message& message, std::string_view name) {
  for (const auto& header : message.headers) {
    if (equal_ignoring_case(header.first, name)) return true;
  }
  return false;
}

// Where we accept and llhttp does not, or reads on differently, on purpose.
struct Difference {
  const char* why;
  bool (*applies)(const Message& ours, const Message& theirs);
};
const Difference differences[] = {
    {"llhttp has a closed list of methods; to us any token is one, and the router answers 405",
     [](const Message& ours, const Message& theirs) {
       return !ours.method.empty() && method_of(ours.method) == Method::other &&
              theirs.verdict == Verdict::refused;
     }},
    {"llhttp hands the connection over at an upgrade; we drop Upgrade and go on with HTTP/1.1",
     [](const Message& ours, const Message& theirs) {
       return theirs.upgrade || (has(ours, "upgrade") && has(ours, "connection"));
     }},
    {"a tab in Connection: blank space to the RFC and to us, part of the option to llhttp; either "
     "way "
     "the message ends at the same byte",
     [](const Message& ours, const Message& theirs) {
       return theirs.tab_in_connection && ours.end == theirs.end;
     }},
};

const Difference* known_difference(const Message& ours, const Message& theirs) {
  for (const Difference& difference : differences) {
    if (difference.applies(ours, theirs)) return &difference;
  }
  return nullptr;
}

std::string printable(std::string_view wire) { return testing::PrintToString(std::string(wire)); }

// True when both read a whole message.
bool compare(std::string_view wire, Side side) {
  const Message ours = read_with_ours(wire, side);
  if (ours.verdict == Verdict::refused || !ours.head_done) return false;
  const Message theirs = read_with_llhttp(wire, side);
  if (known_difference(ours, theirs) != nullptr) return false;
  SCOPED_TRACE(printable(wire) + "\nllhttp: " + theirs.reason);
  EXPECT_EQ(ours.verdict, theirs.verdict);
  EXPECT_EQ(ours.method, theirs.method);
  EXPECT_EQ(ours.target, theirs.target);
  EXPECT_EQ(ours.status, theirs.status);
  EXPECT_EQ(ours.headers, theirs.headers);
  EXPECT_EQ(ours.body, theirs.body);
  if (ours.verdict != Verdict::complete) return false;
  EXPECT_EQ(ours.end, theirs.end);
  if (ours.keep_alive) {
    EXPECT_TRUE(theirs.keep_alive);
  }
  return true;
}

TEST(LlhttpDifferential, WhatWeAcceptLlhttpReadsAsTheSame) {
  const std::vector<std::string> seeds = make_seeds();
  ASSERT_GT(seeds.size(), 20U);
  Random random(20240229);
  std::size_t both = 0;
  for (const std::string& seed : seeds) {
    for (const Side side : {Side::request, Side::response}) both += compare(seed, side) ? 1U : 0U;
  }
  EXPECT_GE(both, 15U);  // or the comparison compares nothing
  for (int i = 0; i < 200'000 && !testing::Test::HasFailure(); ++i) {
    const std::string wire = mutate(seeds[random.below(seeds.size())], seeds, random);
    const Side side = wire.starts_with("HTTP/") ? Side::response : Side::request;
    both += compare(wire, side) ? 1U : 0U;
  }
  EXPECT_GE(both, 10'000U);
}

}  // namespace
}  // namespace sluice::http::test
