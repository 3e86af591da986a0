#include "sluice/server/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sluice/server/listener_slots.h"
#include "sluice/server/tls_material.h"
#include "sluice/telemetry/prometheus.h"
#include "support.h"

namespace sluice::server {
namespace {

using testing::get;

// Two workers on one address, and the keeper's part in the test's own thread.
class Workers {
 public:
  explicit Workers(const std::string& more = {}) {
    for (std::uint32_t index = 0; index < 2; ++index) {
      WorkerConfig config;
      config.index = index;
      config.seed = index + 1;
      workers.push_back(std::make_unique<Worker>(config, ready));
      workers.back()->start(assignment(more));
    }
    for (auto& worker : workers) EXPECT_EQ(next(*worker).kind, Report::Kind::started);
  }
  ~Workers() {
    for (auto& worker : workers) EXPECT_TRUE(worker->post(StopAccepting{}));
    for (auto& worker : workers) {
      EXPECT_TRUE(worker->post(End{}));
      EXPECT_EQ(next(*worker).kind, Report::Kind::ended);
    }
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  static Report next(Worker& worker) {
    while (true) {
      if (std::optional<Report> report = worker.reports().take()) return std::move(*report);
      ::usleep(200);
    }
  }

  Assignment assignment(const std::string& more = {}) {
    config::Loaded loaded = testing::loaded("[server]\ndrain_ms_max = 1000\n" +
                                            std::string(testing::local_provider) + more);
    if (!address) {
      const std::uint8_t loopback[4] = {127, 0, 0, 1};
      address.emplace(std::move(*ReservedAddress::reserve(ring::SocketAddress::ipv4(loopback, 0))));
    }
    Assignment made;
    made.upstream_tls.resize(loaded.models.providers().size());
    made.snapshot = gateway::make_snapshot(std::move(loaded), labels).value();
    made.listeners.push_back({.slot = 0, .address = address->address(), .tls = nullptr});
    return made;
  }
  [[nodiscard]] std::uint16_t port() const { return address->address().port(); }

  std::atomic<bool> ready{true};
  telemetry::MetricLabels labels;
  std::optional<ReservedAddress> address;
  std::vector<std::unique_ptr<Worker>> workers;
};

TEST(Worker, ServesAndEnds) {
  Workers all;
  EXPECT_TRUE(get(all.port(), "/readyz").starts_with("HTTP/1.1 200 "));
  EXPECT_NE(get(all.port(), "/v1/models").find("\"id\":\"m\""), std::string::npos);
}

TEST(Worker, ANewAssignmentIsInForceForTheNextRequest) {
  Workers all;
  for (auto& worker : all.workers) {
    ASSERT_TRUE(worker->post(all.assignment(
        "[[model]]\nname = \"n\"\n[[model.deployment]]\nprovider = \"own\"\nmodel = \"n1\"\n")));
  }
  for (auto& worker : all.workers) EXPECT_EQ(all.next(*worker).kind, Report::Kind::assigned);
  EXPECT_NE(get(all.port(), "/v1/models").find("\"id\":\"n\""), std::string::npos);
}

TEST(Worker, ExplainsByWhatIsInForce) {
  Workers all;
  const auto ask = [&](const char* model) {
    Explain order{.number = 7};
    order.query.model = model;
    order.query.worker = 1;
    EXPECT_TRUE(all.workers[1]->post(std::move(order)));
    Report report = all.next(*all.workers[1]);
    EXPECT_EQ(report.kind, Report::Kind::explained);
    EXPECT_EQ(report.explained.number, 7U);
    return std::move(report.explained.answer);
  };
  const gateway::ExplainAnswer known = ask("m");
  EXPECT_EQ(known.status, 200);
  EXPECT_NE(known.body.find(R"("live":true,"worker":1,)"), std::string::npos) << known.body;
  EXPECT_NE(known.body.find(R"("chosen":{"provider":"own")"), std::string::npos) << known.body;
  EXPECT_EQ(ask("n").status, 404);
  ASSERT_TRUE(all.workers[1]->post(all.assignment(
      "[[model]]\nname = \"n\"\n[[model.deployment]]\nprovider = \"own\"\nmodel = \"n1\"\n")));
  EXPECT_EQ(all.next(*all.workers[1]).kind, Report::Kind::assigned);
  EXPECT_EQ(ask("n").status, 200);
}

TEST(Worker, AConnectionAboveTheBoundIsClosedAndCounted) {
  Workers all;
  for (auto& worker : all.workers) {
    Assignment bounded = all.assignment();
    config::Loaded loaded =
        testing::loaded("[server]\nconnections_max = 1\n" + std::string(testing::local_provider));
    bounded.snapshot = gateway::make_snapshot(std::move(loaded), all.labels).value();
    ASSERT_TRUE(worker->post(std::move(bounded)));
  }
  for (auto& worker : all.workers) EXPECT_EQ(all.next(*worker).kind, Report::Kind::assigned);
  std::vector<int> held;
  std::uint64_t refused = 0;
  for (int tries = 0; refused == 0 && tries < 200; ++tries) {  // the kernel chooses the worker
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const ring::SocketAddress& address = all.address->address();
    ASSERT_EQ(::connect(fd, address.data(), address.size()), 0);
    held.push_back(fd);
    ::usleep(1000);
    for (auto& worker : all.workers) {
      refused += worker->metrics().downstream_connections_refused.value();
    }
  }
  EXPECT_GT(refused, 0U);
  for (const int fd : held) ::close(fd);
}

TEST(Worker, ConnectionsWithoutTheirProxyHeaderAreReportedTogetherAndWithoutTheirBytes) {
  Workers all("[[listener]]\naddress = \"127.0.0.1:1\"\nproxy_protocol = true\n");
  constexpr std::uint64_t connections = 40;
  for (std::uint64_t i = 0; i < connections; ++i) {
    EXPECT_EQ(testing::ask(all.port(), "GET /canary HTTP/1.1\r\n\r\n"), "");
  }
  std::uint64_t reported = 0;
  std::uint64_t reports = 0;
  while (reported < connections) {
    for (auto& worker : all.workers) {
      const std::optional<Report> report = worker->reports().take();
      if (!report) continue;
      ASSERT_EQ(report->kind, Report::Kind::unproxied);
      EXPECT_TRUE(report->unproxied.peer.starts_with("127.0.0.1:")) << report->unproxied.peer;
      EXPECT_STREQ(report->unproxied.why, "the connection begins without PROXY header");
      reported += report->unproxied.count;
      ++reports;
    }
    ::usleep(1000);
  }
  EXPECT_EQ(reported, connections);
  EXPECT_LT(reports, connections) << "a line for each of them";
}

TEST(Worker, AnAddressThatIsTakenIsReportedAndTheThreadEnds) {
  Workers all;
  const std::atomic<bool> ready{true};
  Assignment assignment = all.assignment();
  const std::uint8_t elsewhere[4] = {192, 0, 2, 1};
  assignment.listeners[0].address = ring::SocketAddress::ipv4(elsewhere, 1);
  Worker worker({}, ready);
  worker.start(std::move(assignment));
  const Report report = Workers::next(worker);
  EXPECT_EQ(report.kind, Report::Kind::failed);
  EXPECT_NE(report.text.find("192.0.2.1:1"), std::string::npos) << report.text;
}

// What ThreadSanitizer is to see: requests, reloads, scrapes and ticket keys all at once.
TEST(Worker, RequestsReloadsAndScrapesRunBesideEachOther) {
  Workers all;
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] {
      while (!stop) {
        if (!get(all.port(), "/v1/models").starts_with("HTTP/1.1 200 ")) ++wrong;
      }
    });
  }
  std::thread scraper([&] {
    const telemetry::ProcessMetrics process;
    while (!stop) {
      std::string text;
      const telemetry::Metrics* const cores[] = {&all.workers[0]->metrics(),
                                                 &all.workers[1]->metrics()};
      telemetry::render_prometheus(cores, process, all.labels, {}, text);
      ::usleep(1000);
    }
  });
  auto keys = net::TlsTicketKeys::generate();
  for (int reload = 0; reload < 20; ++reload) {
    keys = keys->rotated();
    for (auto& worker : all.workers) {
      ASSERT_TRUE(worker->post(all.assignment()));
      ASSERT_TRUE(worker->post(UseTicketKeys{keys}));
    }
    for (auto& worker : all.workers) EXPECT_EQ(all.next(*worker).kind, Report::Kind::assigned);
  }
  stop = true;
  for (std::thread& client : clients) client.join();
  scraper.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace sluice::server
