#include "sluice/net/tls_stream.h"

#include <gtest/gtest.h>

#include <string>

#include "net/tls_fixture.h"
#include "sluice/coro/race.h"

namespace sluice::net {
namespace {

using sluice::testing::ManualExecutor;
using testing::chain_of;
using testing::client_context;
using testing::Handshake;
using testing::MemoryPair;
using testing::pattern;
using testing::read_to_end;
using testing::run_on;
using testing::server_context;
using testing::shake_hands;
using testing::test_now;

Task<void> exchange(Stream& client, Stream& server) {
  EXPECT_TRUE((co_await client.write(chain_of("question"), {})).has_value());
  const Result<SliceChain> question = co_await server.read({});
  EXPECT_TRUE(question.has_value() && question->to_string() == "question");
  EXPECT_TRUE((co_await server.write(chain_of("answer"), {})).has_value());
  const Result<SliceChain> answer = co_await client.read({});
  EXPECT_TRUE(answer.has_value() && answer->to_string() == "answer");
}

TEST(TlsStream, ShakesHandsWithTheNewestVersionAndAlpn) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"}, {"h2", "http/1.1"});
  const auto client = client_context({"http/1.1", "h2"});
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  TlsStream& ours = **made.server.value();
  TlsStream& theirs = **made.client.value();
  EXPECT_EQ(ours.version(), "TLSv1.3");
  EXPECT_EQ(ours.alpn(), "h2") << "the server's order decides";
  EXPECT_EQ(theirs.alpn(), "h2");
  EXPECT_EQ(ours.server_name(), "localhost");
  EXPECT_TRUE(theirs.is_tls());
  EXPECT_FALSE(theirs.resumed());
  EXPECT_TRUE(theirs.cipher().starts_with("TLS_")) << theirs.cipher();
  run_on(executor, exchange(theirs, ours));
}

TEST(TlsStream, ShakesHandsWhereverTheClientsBytesAreCut) {
  const auto server = server_context({"api"});
  const auto client = client_context();
  std::size_t bytes_total = 1;
  for (std::size_t cut = 1; cut <= bytes_total; ++cut) {
    SCOPED_TRACE(::testing::Message() << "cut at byte " << cut);
    ManualExecutor executor;
    MemoryPair pair(executor);
    pair.to_server->cut_at = cut;
    Handshake made = shake_hands(executor, std::move(pair), *server, *client, "api.example.test");
    ASSERT_TRUE(made.ok());
    bytes_total = made.to_server->bytes_total;
  }
  EXPECT_GT(bytes_total, 200U);
}

TEST(TlsStream, ShakesHandsWhereverTheServersBytesAreCut) {
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  std::size_t bytes_total = 1;
  for (std::size_t cut = 1; cut <= bytes_total; ++cut) {
    SCOPED_TRACE(::testing::Message() << "cut at byte " << cut);
    ManualExecutor executor;
    MemoryPair pair(executor);
    pair.to_client->cut_at = cut;
    Handshake made = shake_hands(executor, std::move(pair), *server, *client);
    ASSERT_TRUE(made.ok());
    bytes_total = made.to_client->bytes_total;
  }
  EXPECT_GT(bytes_total, 1000U);
}

Task<void> write_and_finish(Stream& stream, SliceChain chain) {
  EXPECT_TRUE((co_await stream.write(std::move(chain), {})).has_value());
  co_await stream.finish({});
}

TEST(TlsStream, CarriesBytesOfEverySizeInPiecesOfEverySize) {
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{5}, std::size_t{1448},
                                  std::size_t{16 * 1024 + 21}, std::size_t{1} << 20}) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{16'383}, std::size_t{16'384},
                                   std::size_t{16'385}, std::size_t{300'000}}) {
      if (chunk == 1 && size > 20'000) continue;
      SCOPED_TRACE(::testing::Message() << size << " bytes in reads of " << chunk);
      ManualExecutor executor;
      Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
      ASSERT_TRUE(made.ok());
      made.to_client->chunk_max = chunk;
      const std::string text = pattern(size);
      run_on(executor, write_and_finish(**made.server.value(), chain_of(text)));
      const Result<std::string> got = run_on(executor, read_to_end(**made.client.value()));
      ASSERT_TRUE(got.has_value());
      EXPECT_TRUE(*got == text);
    }
  }
}

TEST(TlsStream, PutsASmallBatchIntoOneRecordAndOneWrite) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  TlsStream& stream = **made.server.value();
  run_on(executor, stream.write(chain_of("the session tickets go with this"), {}));
  const std::size_t bytes_before = made.to_client->bytes_total;
  const std::size_t writes_before = made.to_client->writes;
  SliceChain batch;
  for (int i = 0; i < 50; ++i) batch.push(Slice::of_static("data: x\n\n"));
  run_on(executor, stream.write(std::move(batch), {}));
  EXPECT_EQ(made.to_client->writes - writes_before, 1U);
  // Header, type byte and tag of one record (RFC 8446 section 5.2).
  EXPECT_EQ(made.to_client->bytes_total - bytes_before, 450U + 5 + 1 + 16);
}

TEST(TlsStream, MixesLargeAndSmallSlicesInOrder) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  SliceChain chain;
  std::string expected;
  for (const std::size_t size :
       {std::size_t{10}, std::size_t{40'000}, std::size_t{1}, std::size_t{16'384},
        std::size_t{16'383}, std::size_t{7}, std::size_t{200'000}, std::size_t{3}}) {
    const std::string part = pattern(size);
    expected += part;
    chain.push(Slice::take(part));
  }
  run_on(executor, write_and_finish(**made.client.value(), std::move(chain)));
  const Result<std::string> got = run_on(executor, read_to_end(**made.server.value()));
  ASSERT_TRUE(got.has_value());
  EXPECT_TRUE(*got == expected);
}

Task<void> read_in_blocks(Stream& stream, std::string expected) {
  for (const std::size_t count : {std::size_t{1}, std::size_t{30'000}, std::size_t{69'999}}) {
    Block block(count);
    EXPECT_TRUE((co_await stream.read_exactly(block, count, {})).has_value());
    EXPECT_TRUE(block.view() == expected.substr(0, count));
    expected.erase(0, count);
  }
  Block block(1);
  const Result<void> beyond = co_await stream.read_exactly(block, 1, {});
  EXPECT_TRUE(!beyond && beyond.error().kind == ErrorKind::connection_closed);
}

TEST(TlsStream, FillsABlockWithExactlyWhatWasAsked) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  made.to_server->chunk_max = 5'000;
  run_on(executor, write_and_finish(**made.client.value(), chain_of(pattern(100'000))));
  run_on(executor, read_in_blocks(**made.server.value(), pattern(100'000)));
}

TEST(TlsStream, NeverTakesACutForAnEnd) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  run_on(executor, (**made.server.value()).write(chain_of("half an answer"), {}));
  made.to_client->end(/*by_reset=*/false);  // a FIN from somebody in between
  TlsStream& reader = **made.client.value();
  const Result<SliceChain> part = run_on(executor, reader.read({}));
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->to_string(), "half an answer");
  for (int again = 0; again < 2; ++again) {
    const Result<SliceChain> end = run_on(executor, reader.read({}));
    ASSERT_FALSE(end.has_value());
    EXPECT_EQ(end.error().kind, ErrorKind::connection_closed);
    EXPECT_EQ(end.error().fault, Fault::provider);
  }
  EXPECT_TRUE(reader.peer_gone());
}

TEST(TlsStream, EndsInOrderWithCloseNotifyAndMayStillWrite) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  run_on(executor, (**made.client.value()).finish({}));
  const Result<std::string> nothing = run_on(executor, read_to_end(**made.server.value()));
  ASSERT_TRUE(nothing.has_value());
  EXPECT_EQ(*nothing, "");
  run_on(executor, write_and_finish(**made.server.value(), chain_of("late answer")));
  const Result<std::string> late = run_on(executor, read_to_end(**made.client.value()));
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(*late, "late answer");
}

TEST(TlsStream, FailsOnADamagedRecord) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  made.to_client->tamper = [](std::string& bytes) { bytes.back() ^= 1; };
  run_on(executor, (**made.server.value()).write(chain_of("secret"), {}));
  const Result<SliceChain> got = run_on(executor, (**made.client.value()).read({}));
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().kind, ErrorKind::tls_failed);
  EXPECT_STREQ(got.error().what, "a TLS record was damaged on the way");
}

Task<Result<SliceChain>> read_until_stopped(Stream& stream, StopSource& source) {
  Scope scope;
  std::optional<Result<SliceChain>> out;
  scope.spawn(testing::store(stream.read(source.token()), out));
  source.request_stop();
  co_await scope.join();
  co_return std::move(*out);
}

TEST(TlsStream, LosesNothingWhenAReadIsCancelled) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  TlsStream& reader = **made.client.value();
  run_on(executor, (**made.server.value()).write(chain_of("abcdef"), {}));
  // Half a record has come when the reader is stopped.
  std::string rest;
  std::swap(rest, made.to_client->waiting);
  made.to_client->waiting = rest.substr(0, rest.size() - 10);
  StopSource source;
  const Result<SliceChain> stopped = run_on(executor, read_until_stopped(reader, source));
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
  made.to_client->put(rest.substr(rest.size() - 10));
  const Result<SliceChain> whole = run_on(executor, reader.read({}));
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->to_string(), "abcdef");
}

TEST(TlsStream, HasNoInputWhenOnlySessionTicketsCame) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  TlsStream& reader = **made.client.value();
  // BoringSSL sends its tickets with the first write; an empty close is not one. Let the tickets go
  // alone: what follows them is held back.
  run_on(executor, (**made.server.value()).write(chain_of("x"), {}));
  std::string last;
  const std::size_t one_byte_record = 5 + 1 + 1 + 16;
  last = made.to_client->waiting.substr(made.to_client->waiting.size() - one_byte_record);
  made.to_client->waiting.resize(made.to_client->waiting.size() - one_byte_record);
  EXPECT_EQ(client->remembered_hosts(), 0U);
  EXPECT_FALSE(reader.has_input());
  EXPECT_EQ(client->remembered_hosts(), 1U) << "asking consumed the tickets";
  made.to_client->put(last);
  EXPECT_TRUE(reader.has_input());
  const Result<SliceChain> got = run_on(executor, reader.read({}));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->to_string(), "x");
  EXPECT_FALSE(reader.has_input());
}

TEST(TlsStream, NoticesTheDepartureOfThePeer) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_TRUE(made.ok());
  StopSource gone;
  (**made.server.value()).watch_departure(&gone);
  EXPECT_FALSE(gone.stop_requested());
  made.client.reset();
  EXPECT_TRUE(gone.stop_requested());
  EXPECT_TRUE((**made.server.value()).peer_gone());
  (**made.server.value()).watch_departure(nullptr);
}

// --- who may talk to whom ---

Error client_error(const std::string& certificate, const std::string& host) {
  ManualExecutor executor;
  const auto server = server_context({certificate});
  const auto client = client_context();
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client, host);
  if (made.client->has_value()) return Error{.what = "accepted"};
  // The server learns by an alert, or, with TLS 1.3, when it reads.
  return made.client->error();
}

TEST(TlsStream, RefusesCertificatesThatProveNothing) {
  const struct {
    const char* certificate;
    const char* host;
    const char* what;
  } cases[] = {
      {"localhost", "example.com", "certificate is not for this host name"},
      {"localhost", "a.b.example.test", "certificate is not for this host name"},
      {"localhost", "example.test", "certificate is not for this host name"},
      {"localhost", "127.0.0.2", "certificate is not for this host name"},
      {"api", "127.0.0.1", "certificate is not for this host name"},
      {"expired", "localhost", "certificate has expired"},
      {"self", "localhost", "certificate is self-signed and not trusted"},
      {"stranger", "localhost", "issuer is not trusted"},
      {"client", "localhost", "certificate is not for servers"},
  };
  for (const auto& c : cases) {
    const Error error = client_error(c.certificate, c.host);
    EXPECT_EQ(error.kind, ErrorKind::certificate_invalid) << c.certificate << " for " << c.host;
    EXPECT_STREQ(error.what, c.what) << c.certificate << " for " << c.host;
    EXPECT_EQ(error.fault, Fault::provider);
    EXPECT_EQ(error.retry, Retry::safe);
  }
}

TEST(TlsStream, AcceptsNamesWildcardsAndAddresses) {
  for (const char* host :
       {"localhost", "LOCALHOST", "localhost.", "a.example.test", "127.0.0.1", "::1", "[::1]"}) {
    EXPECT_STREQ(client_error("localhost", host).what, "accepted") << host;
  }
}

TEST(TlsStream, RefusesAHostThatNoCertificateCanName) {
  for (const char* host : {"", "a b", "-x", "a..b", "evil\"name"}) {
    EXPECT_EQ(client_error("localhost", host).kind, ErrorKind::invalid) << host;
  }
}

TEST(TlsStream, ShowsTheCertificateThatTheClientAsksFor) {
  const auto server = server_context({"localhost", "api"});
  const struct {
    const char* host;
    bool accepted;
  } cases[] = {{"api.example.test", true},    // exact before wildcard: the RSA one
               {"API.example.test", true},    //
               {"other.example.test", true},  // the wildcard
               {"localhost", true},           //
               {"127.0.0.1", true},           // no SNI: the default
               {"unknown.test", false}};      // the default, which is not for it
  for (const auto& c : cases) {
    ManualExecutor executor;
    const auto client = client_context();
    Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client, c.host);
    EXPECT_EQ(made.ok(), c.accepted) << c.host;
  }
}

TEST(TlsStream, PrefersTheExactNameOverTheWildcard) {
  // A client that trusts only what signed `self` would tell them apart; the size of the flight does
  // it too: `api` has an RSA key and no intermediate.
  const auto both = server_context({"localhost", "api"});
  const auto api_alone = server_context({"api"});
  const auto flight = [](const TlsServerContext& server, const char* host) {
    ManualExecutor executor;
    const auto client = client_context();
    Handshake made = shake_hands(executor, MemoryPair(executor), server, *client, host);
    EXPECT_TRUE(made.ok());
    return made.to_client->bytes_total;
  };
  EXPECT_EQ(flight(*both, "api.example.test"), flight(*api_alone, "api.example.test"));
  EXPECT_NE(flight(*both, "other.example.test"), flight(*api_alone, "api.example.test"));
}

TEST(TlsStream, RefusesAClientWithoutAProtocolInCommon) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"}, {"http/1.1"});
  const auto client = client_context({"h2"});
  Handshake made = shake_hands(executor, MemoryPair(executor), *server, *client);
  ASSERT_FALSE(made.server->has_value());
  EXPECT_STREQ(made.server->error().what, "no ALPN protocol in common");
  EXPECT_EQ(made.server->error().fault, Fault::client);
  ASSERT_FALSE(made.client->has_value());
  EXPECT_STREQ(made.client->error().what, "the peer speaks none of our ALPN protocols");
}

// --- resumption ---

// Connects once, talks, and returns whether the session was resumed on both sides.
bool resumes(const TlsServerContext& server, const TlsClientContext& client, const char* host) {
  ManualExecutor executor;
  Handshake made = shake_hands(executor, MemoryPair(executor), server, client, host);
  EXPECT_TRUE(made.ok());
  if (!made.ok()) return false;
  TlsStream& ours = **made.server.value();
  TlsStream& theirs = **made.client.value();
  run_on(executor, exchange(theirs, ours));
  EXPECT_EQ(ours.resumed(), theirs.resumed());
  return theirs.resumed();
}

TEST(TlsStream, ResumesASessionOfTheSameHostOnly) {
  const auto server = server_context({"localhost"});
  const auto client = client_context();
  EXPECT_FALSE(resumes(*server, *client, "localhost"));
  EXPECT_TRUE(resumes(*server, *client, "localhost"));
  EXPECT_TRUE(resumes(*server, *client, "localhost"));
  EXPECT_FALSE(resumes(*server, *client, "a.example.test"));
}

TEST(TlsStream, ResumesWithAnotherWorkerThatHasTheKeys) {
  auto keys = TlsTicketKeys::generate();
  const auto client = client_context();
  EXPECT_FALSE(resumes(*server_context({"localhost"}, {}, keys), *client, "localhost"));
  EXPECT_TRUE(resumes(*server_context({"localhost"}, {}, keys), *client, "localhost"));
  keys = keys->rotated();
  EXPECT_TRUE(resumes(*server_context({"localhost"}, {}, keys), *client, "localhost"));
  const auto strangers = server_context({"localhost"});
  EXPECT_FALSE(resumes(*strangers, *client, "localhost"));
}

TEST(TlsStream, ForgetsSessionsWhenKeysHaveRotatedAway) {
  auto keys = TlsTicketKeys::generate();
  const auto server = server_context({"localhost"}, {}, keys);
  const auto client = client_context();
  EXPECT_FALSE(resumes(*server, *client, "localhost"));
  for (std::size_t i = 0; i < TlsTicketKeys::keys_max; ++i) keys = keys->rotated();
  server->use_ticket_keys(keys);
  EXPECT_FALSE(resumes(*server, *client, "localhost"));
  EXPECT_TRUE(resumes(*server, *client, "localhost"));
}

TEST(TlsStream, RemembersABoundedNumberOfHosts) {
  auto trust = TlsTrust::load(testing::cert_path("ca.crt"));
  auto client = TlsClientContext::make({.trust = *trust, .sessions_hosts_max = 2});
  const auto server = server_context({"localhost"});
  for (const char* host : {"a.example.test", "b.example.test", "c.example.test"}) {
    EXPECT_FALSE(resumes(*server, **client, host));
  }
  EXPECT_EQ((*client)->remembered_hosts(), 2U);
  EXPECT_TRUE(resumes(*server, **client, "c.example.test"));
  EXPECT_FALSE(resumes(*server, **client, "a.example.test")) << "the oldest was forgotten";
}

// --- peers that are no TLS ---

Error accept_error(std::string wire, bool end) {
  ManualExecutor executor;
  const auto server = server_context({"localhost"});
  MemoryPair pair(executor);
  pair.to_server->put(std::move(wire));
  if (end) pair.to_server->end(false);
  std::optional<testing::TlsResult> out;
  StopSource stop;
  Scope scope;
  scope.spawn(testing::store_accept(std::move(pair.server), *server, out, stop.token()));
  executor.run();
  stop.request_stop();
  executor.run();
  SLUICE_ASSERT(scope.running() == 0 && out.has_value());
  return out->has_value() ? Error{.what = "accepted"} : out->error();
}

TEST(TlsStream, NamesWhatCameInsteadOfTls) {
  EXPECT_STREQ(accept_error("GET / HTTP/1.1\r\nhost: x\r\n\r\n", false).what,
               "a plain HTTP request came to a TLS port");
  EXPECT_STREQ(accept_error("SSH-2.0-OpenSSH_9.2\r\n", false).what,
               "the peer does not speak TLS on this port");
  EXPECT_EQ(accept_error("", true).kind, ErrorKind::connection_closed);
  EXPECT_EQ(accept_error("\x16\x03\x01", true).kind, ErrorKind::connection_closed);
  EXPECT_EQ(accept_error("\x16\x03\x01", false).kind, ErrorKind::cancelled);
  EXPECT_EQ(accept_error("nonsense", false).fault, Fault::client);
}

TEST(TlsStream, EndsAHandshakeThatNeverEnds) {
  // Records of one handshake byte each, of a message that claims to be 64 KiB long.
  std::string endless;
  const std::string message = std::string("\x01\x00\xff\xff", 4);
  for (std::size_t i = 0; i < 100'000; ++i) {
    endless += std::string("\x16\x03\x01\x00\x01", 5);
    endless += i < message.size() ? message[i] : 'x';
  }
  EXPECT_EQ(accept_error(endless, false).kind, ErrorKind::tls_failed);
  // Empty records, which are legal one by one.
  std::string empty;
  for (int i = 0; i < 1'000; ++i) empty += std::string("\x16\x03\x01\x00\x00", 5);
  EXPECT_EQ(accept_error(empty, false).kind, ErrorKind::tls_failed);
}

}  // namespace
}  // namespace sluice::net
