#include "simulator/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::simulator {
namespace {

using K = FaultKind;

constexpr std::uint64_t number_max = 1'000'000'000'000;
constexpr std::uint64_t all_events = number_max;

constexpr auto table = std::to_array<FaultRow>({
    {K::none, "none", "", 0, 0, 0, 0, "an answer without fault, also where --fault-rate is given"},
    {K::status, "status", ":CODE[:SECONDS]", 1, 2, 503, 0,
     "that status with an error body; SECONDS: with a Retry-After"},
    {K::refuse_with_401, "refuse-with-401", "", 0, 0, 0, 0, "the key is said to be wrong"},
    {K::context_length, "context-length", "", 0, 0, 0, 0,
     "the prompt is said to be longer than the model's context"},
    {K::content_filter, "content-filter", "", 0, 0, 0, 0,
     "the prompt is said to be against the provider's policy"},
    {K::refuse_prefill, "refuse-prefill", "", 0, 0, 0, 0,
     "a chat that ends with the assistant's own words is refused, others are answered"},
    {K::reset_before_head, "reset-before-head", "", 0, 0, 0, 0,
     "the request is read and the connection reset"},
    {K::close_before_head, "close-before-head", "", 0, 0, 0, 0,
     "the request is read and the connection closed"},
    {K::hang, "hang", "", 0, 0, 0, 0, "the request is read and never answered"},
    {K::slow_head, "slow-head", "[:MS[:MS]]", 0, 2, 1'000, 0,
     "the head comes MS later, or by chance up to the second MS"},
    {K::reset_after, "reset-after", "[:N]", 0, 1, 1, 0, "N events, then a reset"},
    {K::close_after, "close-after", "[:N]", 0, 1, 1, 0,
     "N events, then the connection closes: no [DONE], no last chunk"},
    {K::truncate, "truncate", "[:N]", 0, 1, 1, 0,
     "N events and half of the next, then the connection closes; JSON: half of the body"},
    {K::stall_after, "stall-after", "[:N[:MS]]", 0, 2, 1, 0,
     "N events, then silence for MS (0: for ever), then the rest"},
    {K::error_event_after, "error-event-after", "[:N]", 0, 1, 1, 0,
     "N events, then an error event and an orderly end without [DONE]"},
    {K::garbage_event, "garbage-event", "[:N]", 0, 1, 1, 0,
     "N events, then one that is no JSON (of AWS's streams: with a wrong checksum), then the rest"},
    {K::overloaded, "overloaded", "", 0, 0, 0, 0,
     "the provider says it is overloaded: Anthropic with a 529, the others with a 503"},
    {K::no_done, "no-done", "[:N]", 0, 1, all_events, 0,
     "an orderly end of the body behind N events, by default without the last, which is [DONE] "
     "where there is one"},
    {K::garbage, "garbage", "", 0, 0, 0, 0, "bytes that are no HTTP, then a close"},
    {K::html_502, "html-502", "", 0, 0, 0, 0, "a 502 with a page of HTML, as load balancers give"},
    {K::empty_200, "empty-200", "", 0, 0, 0, 0, "200 with no body at all"},
    {K::wrong_content_type, "wrong-content-type", "", 0, 0, 0, 0,
     "the right body called text/plain"},
    {K::malformed_chunk, "malformed-chunk", "[:N]", 0, 1, 1, 0,
     "N events, then a chunk size that is no number"},
    {K::bad_content_length, "bad-content-length", "", 0, 0, 0, 0,
     "two Content-Length lines that contradict each other"},
    {K::huge_event, "huge-event", "[:BYTES]", 0, 1, 1'048'576, 0,
     "the first content event is that large"},
    {K::huge_header, "huge-header", "[:BYTES]", 0, 1, 131'072, 0, "a header field of that size"},
    {K::slow_drip, "slow-drip", "[:MS]", 0, 1, 1, 0, "one byte, then MS of nothing, then the next"},
    {K::crlf, "crlf", "", 0, 0, 0, 0, "lines of the stream end in CR LF"},
    {K::cr, "cr", "", 0, 0, 0, 0, "lines of the stream end in CR"},
    {K::comments, "comments", "", 0, 0, 0, 0, "a comment in front of every event"},
    {K::blank_first, "blank-first", "", 0, 0, 0, 0, "the stream begins with blank lines"},
    {K::no_space, "no-space", "", 0, 0, 0, 0, "no space behind `data:`"},
    {K::bom, "bom", "", 0, 0, 0, 0, "the stream begins with a byte order mark"},
    {K::one_per_write, "one-per-write", "", 0, 0, 0, 0, "every event in a write of its own"},
    {K::cut_everywhere, "cut-everywhere", "[:BYTES]", 0, 1, 1, 0,
     "chunks of BYTES bytes each, without a wait: characters and lines are cut"},
    {K::gzip, "gzip", "", 0, 0, 0, 0, "the body is gzip"},
    {K::early_response, "early-response", "[:CODE]", 0, 1, 413, 0,
     "an error before the body was read, then a close"},
    {K::keepalive_close, "keepalive-close", "", 0, 0, 0, 0,
     "says keep-alive and closes behind the answer"},
    {K::http10, "http10", "", 0, 0, 0, 0, "HTTP/1.0, the body ends with the connection"},
    {K::interim, "1xx", "[:COUNT]", 0, 1, 2, 0, "COUNT heads of status 103 in front"},
});

constexpr auto whens = std::to_array<WhenRow>({
    {When::Kind::first, "first", ":N:FAULT", 1, "the first N that ask for it, then no more"},
    {When::Kind::within, "within", ":MS:FAULT", 1, "for MS from the first that asks for it on"},
    {When::Kind::every, "every", ":MS:MS:FAULT", 2,
     "of every MS from then on the first MS: up and down"},
});

bool read_number(std::string_view text, std::uint64_t& value) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value <= number_max;
}

/// What stands in front of the next colon, which goes too; all of it where there is none.
std::string_view take_part(std::string_view& text) noexcept {
  const std::string_view part = text.substr(0, text.find(':'));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

/// Takes the occasion off the front of `text`, if there is one.
std::expected<When, std::string> take_when(std::string_view& text) {
  const auto row = std::ranges::find(whens, text.substr(0, text.find(':')), &WhenRow::name);
  if (row == whens.end()) return When{};
  const std::string_view all = text;
  take_part(text);
  When when{.kind = row->kind};
  bool right = read_number(take_part(text), when.first);
  if (row->arguments_count == 2) {
    right = right && read_number(take_part(text), when.second) && when.first != 0 &&
            when.second <= when.first;
  }
  if (right && !text.empty()) return when;
  return std::unexpected(
      fmt::format("'{}' is not as it should be: {}{}", all, row->name, row->arguments));
}

}  // namespace

std::span<const FaultRow> fault_table() noexcept { return table; }
std::span<const WhenRow> when_table() noexcept { return whens; }

std::expected<Fault, std::string> parse_fault(std::string_view text) {
  const auto when = take_when(text);
  if (!when) return std::unexpected(when.error());
  const std::string_view name = text.substr(0, text.find(':'));
  const auto row = std::ranges::find(table, name, &FaultRow::name);
  if (row == table.end()) {
    return std::unexpected(fmt::format("there is no fault '{}'; see --list-faults", name));
  }
  Fault fault{row->kind, row->first_default, row->second_default, *when};
  int count = 0;
  std::string_view rest = text.substr(name.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view argument = rest.substr(0, rest.find(':'));
    rest.remove_prefix(argument.size());
    std::uint64_t& value = count == 0 ? fault.first : fault.second;
    if (++count > row->arguments_max || !read_number(argument, value)) count = -1;
    if (count < 0) break;
  }
  const bool status = row->kind == K::status || row->kind == K::early_response;
  if (count < row->arguments_min || (status && (fault.first < 200 || fault.first > 599))) {
    return std::unexpected(
        fmt::format("'{}' is not as it should be: {}{}", text, row->name, row->arguments));
  }
  return fault;
}

std::string fault_text(const Fault& fault) {
  std::string text;
  const auto when = std::ranges::find(whens, fault.when.kind, &WhenRow::kind);
  if (when != whens.end()) {
    text = fmt::format("{}:{}:", when->name, fault.when.first);
    if (when->arguments_count == 2) text += fmt::format("{}:", fault.when.second);
  }
  const auto row = std::ranges::find(table, fault.kind, &FaultRow::kind);
  text += row->name;
  const bool has_second = row->arguments_max > 1 && fault.second != row->second_default;
  if (row->arguments_min > 0 || has_second ||
      (row->arguments_max > 0 && fault.first != row->first_default)) {
    text += fmt::format(":{}", fault.first);
  }
  if (has_second) text += fmt::format(":{}", fault.second);
  return text;
}

std::expected<FaultRate, std::string> parse_fault_rate(std::string_view text) {
  const std::size_t colon = text.find(':');
  double probability = 0;
  const std::string_view number = text.substr(0, colon);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), probability);
  const bool is_number = error == std::errc{} && end == number.data() + number.size();
  if (colon == text.npos || !is_number || !(probability >= 0 && probability <= 1)) {
    return std::unexpected(
        fmt::format("'{}' should be a probability and a fault: 0.01:reset-after:3", text));
  }
  auto fault = parse_fault(text.substr(colon + 1));
  if (!fault) return std::unexpected(fault.error());
  return FaultRate{probability, *fault};
}

}  // namespace sluice::simulator
