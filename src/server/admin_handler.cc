#include "sluice/server/admin_handler.h"

#include <array>
#include <utility>

#include "sluice/telemetry/prometheus.h"

namespace sluice::server {
namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view page_list =
    "Sluice's admin pages:\n"
    "  /metrics   counters and histograms for Prometheus, all workers together\n"
    "  /healthz   200 while the process runs\n"
    "  /readyz    200 while requests should be sent here, 503 while starting and draining\n";

struct Page {
  http::StatusCode status = http::status::ok;
  std::string_view content_type = plain_text;
  std::string body;
  bool has_allow = false;
};

}  // namespace

Task<void> AdminHandler::handle(http::ServerExchange& exchange) {
  const http::RequestHead& head = exchange.head();
  Page page;
  if (head.method != http::Method::get && head.method != http::Method::head) {
    page = {
        .status = http::status::method_not_allowed, .body = "use GET or HEAD\n", .has_allow = true};
  } else if (head.path == "/metrics") {
    page = {.content_type = telemetry::prometheus_content_type, .body = metrics_()};
  } else if (head.path == "/healthz") {
    page.body = "ok\n";
  } else if (head.path == "/readyz") {
    const bool is_ready = ready_.load(std::memory_order_relaxed);
    page.status = is_ready ? http::status::ok : http::status::service_unavailable;
    page.body = is_ready ? "ready\n" : "starting or draining\n";
  } else if (head.path == "/") {
    page.body = page_list;
  } else {
    page = {.status = http::status::not_found, .body = "no such page; / lists them\n"};
  }
  std::array<http::Header, 3> own = {http::Header{"Content-Type", page.content_type},
                                     http::Header{"Cache-Control", "no-store"},
                                     http::Header{"Allow", "GET, HEAD"}};
  const http::OutgoingResponse response{
      .status = page.status, .fields = {.own = std::span(own).first(page.has_allow ? 3 : 2)}};
  SliceChain body;
  body.push(Slice::take(std::move(page.body)));
  (void)co_await exchange.respond(response, std::move(body), exchange.departed());
}

http::RejectionBody AdminHandler::rejected(const http::Rejection& rejection,
                                           const ring::SocketAddress&) {
  return {.content_type = plain_text, .body = std::string(rejection.reason) + "\n"};
}

}  // namespace sluice::server
