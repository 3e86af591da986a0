#include "sluice/net/resolver.h"

#include <optional>

#include "sluice/net/address.h"

namespace sluice::net {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

Error resolve_error(const char* what) noexcept {
  return Error{.kind = ErrorKind::resolve_failed,
               .fault = Fault::provider,
               .retry = Retry::safe,
               .what = what};
}

void StaticResolver::add(std::string_view host, const ring::SocketAddress& address) {
  table_[lower_case(host)].push_back(address);
}

void StaticResolver::remove(std::string_view host) { table_.erase(lower_case(host)); }

Task<Result<AddressList>> StaticResolver::resolve(std::string host, std::uint16_t port,
                                                  StopToken stop) {
  if (stop.stop_requested()) {
    co_return fail(Error{.kind = ErrorKind::cancelled, .what = "lookup cancelled"});
  }
  if (const std::optional<ring::SocketAddress> literal = parse_ip(host, port)) {
    co_return AddressList{.addresses = {*literal}};
  }
  const auto found = table_.find(lower_case(host));
  if (found == table_.end()) co_return fail(resolve_error("the host name does not exist"));
  AddressList list{.addresses = found->second};
  for (ring::SocketAddress& address : list.addresses) address.set_port(port);
  co_return list;
}

Task<void> StaticResolver::close() { co_return; }

}  // namespace sluice::net
