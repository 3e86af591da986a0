// sluice-floor LISTEN_PORT UPSTREAM_PORT: the relay that benchmarks measure gateways against.
#include <sys/resource.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "relay.h"

namespace {

bool read_port(const char* text, std::uint16_t& port) {
  const char* const end = text + std::strlen(text);
  return std::from_chars(text, end, port).ptr == end && port != 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t listen_port = 0;
  std::uint16_t upstream_port = 0;
  if (argc != 3 || !read_port(argv[1], listen_port) || !read_port(argv[2], upstream_port)) {
    std::fputs("usage: sluice-floor LISTEN_PORT UPSTREAM_PORT\n", stderr);
    return 2;
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  sluice::floor::Relay(listen_port, upstream_port).run();
}
