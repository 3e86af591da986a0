#include "sluice/server/admin_handler.h"

#include <utility>
#include <vector>

#include "sluice/policy/local_request.h"
#include "sluice/telemetry/prometheus.h"

namespace sluice::server {
namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view page_list =
    "Sluice's admin pages:\n"
    "  /metrics   counters and histograms for Prometheus, all workers together\n"
    "  /explain   ?model=NAME: where a request for it goes just now, and why\n"
    "  /healthz   200 while the process runs\n"
    "  /readyz    200 while requests should be sent here, 503 while starting and draining\n";

constexpr std::string_view page_for_local_programs =
    "the request's Origin or Host names another place, and these pages are for programs of this\n"
    "machine: call them by 127.0.0.1 or localhost, or write anonymous = true under [admin]\n";

bool is_health(std::string_view path) noexcept { return path == "/healthz" || path == "/readyz"; }

bool is_local(const http::RequestHead& head) noexcept {
  return policy::is_local_request(head.authority, head.headers.value("origin").value_or(""));
}

struct Page {
  http::StatusCode status = http::status::ok;
  std::string_view content_type = plain_text;
  std::string body;
  bool has_allow = false;
  bool is_explanation = false;
};

Page page_of(ExplainDesk::Page explained) {
  const bool is_json = explained.format == gateway::ExplainFormat::json;
  return {.status = static_cast<http::StatusCode>(explained.answer.status),
          .content_type = is_json ? std::string_view("application/json") : plain_text,
          .body = std::move(explained.answer.body),
          .is_explanation = true};
}

}  // namespace

Task<void> AdminHandler::handle(http::ServerExchange& exchange) {
  const http::RequestHead& head = exchange.head();
  Page page;
  if (readers_ == Readers::local_programs && !is_health(head.path) && !is_local(head)) {
    page = {.status = http::status::forbidden, .body = std::string(page_for_local_programs)};
  } else if (head.method != http::Method::get && head.method != http::Method::head) {
    page = {
        .status = http::status::method_not_allowed, .body = "use GET or HEAD\n", .has_allow = true};
  } else if (head.path == "/metrics") {
    page = {.content_type = telemetry::prometheus_content_type, .body = makers_.metrics()};
  } else if (head.path == "/explain") {
    std::string query(head.query);
    ExplainDesk::Page explained = co_await makers_.explain(std::move(query), exchange.departed());
    page = page_of(std::move(explained));
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
  std::vector<http::Header> own;
  own.push_back({"Content-Type", page.content_type});
  own.push_back({"Cache-Control", "no-store"});
  if (page.has_allow) own.push_back({"Allow", "GET, HEAD"});
  if (page.is_explanation) own.push_back({explanation_field, "1"});
  const http::OutgoingResponse response{.status = page.status, .fields = {.own = own}};
  SliceChain body;
  body.push(Slice::take(std::move(page.body)));
  (void)co_await exchange.respond(response, std::move(body), exchange.departed());
}

http::RejectionBody AdminHandler::rejected(const http::Rejection& rejection,
                                           const ring::SocketAddress&) {
  return {.content_type = plain_text, .body = std::string(rejection.reason) + "\n"};
}

}  // namespace sluice::server
