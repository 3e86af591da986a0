// Question: what does it cost to read, to judge and to write the head of a chat completion?
// Corpus: the heads below, as OpenAI's Python client and its API send them.
#include <benchmark/benchmark.h>

#include <string_view>

#include "sluice/http/framing.h"
#include "sluice/http/head_parser.h"
#include "sluice/http/head_writer.h"

namespace {

using namespace sluice::http;

constexpr std::string_view request =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "Accept: application/json\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: OpenAI/Python 2.8.1\r\n"
    "Authorization: Bearer sk-0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    "Content-Length: 1187\r\n"
    "\r\n";

constexpr std::string_view sdk_request =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "Accept: application/json\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Connection: keep-alive\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: OpenAI/Python 2.8.1\r\n"
    "X-Stainless-Lang: python\r\n"
    "X-Stainless-Package-Version: 2.8.1\r\n"
    "X-Stainless-OS: Linux\r\n"
    "X-Stainless-Arch: x64\r\n"
    "X-Stainless-Runtime: CPython\r\n"
    "X-Stainless-Runtime-Version: 3.12.3\r\n"
    "Authorization: Bearer sk-0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    "X-Stainless-Async: false\r\n"
    "x-stainless-retry-count: 0\r\n"
    "x-stainless-read-timeout: 600\r\n"
    "Content-Length: 1187\r\n"
    "\r\n";

constexpr std::string_view response =
    "HTTP/1.1 200 OK\r\n"
    "Date: Thu, 29 Feb 2024 12:00:00 GMT\r\n"
    "Content-Type: text/event-stream; charset=utf-8\r\n"
    "Transfer-Encoding: chunked\r\n"
    "Connection: keep-alive\r\n"
    "openai-organization: org-example\r\n"
    "openai-processing-ms: 412\r\n"
    "openai-version: 2020-10-01\r\n"
    "x-ratelimit-limit-requests: 10000\r\n"
    "x-ratelimit-remaining-requests: 9999\r\n"
    "x-ratelimit-reset-requests: 6ms\r\n"
    "x-request-id: req_0123456789abcdef0123456789abcdef\r\n"
    "CF-RAY: 85d0b7b3ed2c0f2d-FRA\r\n"
    "\r\n";

void parse_request(benchmark::State& state, std::string_view wire, std::size_t headers) {
  RequestHead head;
  for (auto _ : state) {
    const HeadParse parse = parse_request_head(wire, head);
    if (parse.bytes_consumed != wire.size() || head.headers.size() != headers) {
      state.SkipWithError("not the head that was sent: the time is void");
    }
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(wire));
}

void BM_ParseRequestOfEightHeaders(benchmark::State& state) { parse_request(state, request, 8); }
BENCHMARK(BM_ParseRequestOfEightHeaders);

void BM_ParseRequestOfTheSdk(benchmark::State& state) { parse_request(state, sdk_request, 17); }
BENCHMARK(BM_ParseRequestOfTheSdk);

void BM_ParseResponse(benchmark::State& state) {
  ResponseHead head;
  for (auto _ : state) {
    const HeadParse parse = parse_response_head(response, head);
    if (parse.bytes_consumed != response.size() || head.headers.size() != 12) {
      state.SkipWithError("not the head that was sent: the time is void");
    }
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(response));
}
BENCHMARK(BM_ParseResponse);

void BM_RequestFraming(benchmark::State& state) {
  RequestHead head;
  if (parse_request_head(request, head).status != ParseStatus::complete) {
    state.SkipWithError("refused: there is nothing to time");
    return;
  }
  for (auto _ : state) {
    const auto framing = request_framing(head);
    if (!framing || framing->length_bytes != 1187) state.SkipWithError("wrong: the time is void");
  }
}
BENCHMARK(BM_RequestFraming);

void BM_FindHeader(benchmark::State& state) {
  RequestHead head;
  if (parse_request_head(sdk_request, head).status != ParseStatus::complete) {
    state.SkipWithError("refused: there is nothing to time");
    return;
  }
  for (auto _ : state) {
    const Header* header = head.headers.find("authorization");
    benchmark::DoNotOptimize(header);
    if (header == nullptr) state.SkipWithError("not found: the time is void");
  }
}
BENCHMARK(BM_FindHeader);

void BM_WriteResponseHead(benchmark::State& state) {
  ResponseHead head;
  if (parse_response_head(response, head).status != ParseStatus::complete) {
    state.SkipWithError("refused: there is nothing to time");
    return;
  }
  for (auto _ : state) {
    HeadWriter writer;
    writer.status_line(head.status, head.reason);
    writer.end_to_end_headers(head.headers, {FieldName::date});
    writer.framing(BodyKind::chunked);
    const auto written = writer.finish();
    if (!written || written->size() < 300) state.SkipWithError("not written: the time is void");
  }
}
BENCHMARK(BM_WriteResponseHead);

}  // namespace
