// How an answer can go wrong, by name: what tests and drills ask the simulator for.
//
//   status:429:7        name, then its arguments behind colons
//   reset-after:3
//   first:2:status:503  when it strikes (When), in front
//
// Asked for per request by the header `x-sim-fault`, by a model named `sim-fault-<fault>`, or drawn
// with a probability (FaultRate). `sluice-sim --list-faults` prints fault_table().
#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::simulator {

enum class FaultKind : std::uint8_t {
  none,
  status,
  refuse_with_401,
  context_length,
  content_filter,
  refuse_prefill,
  reset_before_head,
  close_before_head,
  hang,
  slow_head,
  reset_after,
  close_after,
  truncate,
  stall_after,
  error_event_after,
  garbage_event,
  overloaded,
  no_done,
  garbage,
  html_502,
  empty_200,
  wrong_content_type,
  malformed_chunk,
  bad_content_length,
  huge_event,
  huge_header,
  slow_drip,
  crlf,
  cr,
  comments,
  blank_first,
  no_space,
  bom,
  one_per_write,
  cut_everywhere,
  gzip,
  early_response,
  keepalive_close,
  http10,
  interim,
};

/// Which of the requests that ask for a fault it strikes; the others are answered as if they had
/// not asked. See Occasions.
struct When {
  enum class Kind : std::uint8_t { always, first, within, every };
  Kind kind = Kind::always;
  std::uint64_t first = 0;   // requests; milliseconds; milliseconds of a round
  std::uint64_t second = 0;  // of `every`: so many milliseconds at the round's begin, at most all

  friend bool operator==(const When&, const When&) = default;
};

struct Fault {
  FaultKind kind = FaultKind::none;
  std::uint64_t first = 0;  // the arguments, in order; what they mean: fault_table()
  std::uint64_t second = 0;
  When when{};

  friend bool operator==(const Fault&, const Fault&) = default;
};

struct FaultRow {
  FaultKind kind;
  std::string_view name;
  std::string_view arguments;  // as --list-faults shows them: ":N[:MS]"
  int arguments_min;
  int arguments_max;
  std::uint64_t first_default;
  std::uint64_t second_default;
  std::string_view what;  // one line
};
[[nodiscard]] std::span<const FaultRow> fault_table() noexcept;

struct WhenRow {
  When::Kind kind;
  std::string_view name;
  std::string_view arguments;  // ":N:FAULT"
  int arguments_count;
  std::string_view what;  // one line
};
[[nodiscard]] std::span<const WhenRow> when_table() noexcept;

/// On failure: a sentence that says what would be right.
[[nodiscard]] std::expected<Fault, std::string> parse_fault(std::string_view text);
/// As parse_fault() reads it, the same for every spelling of one: without what is the default.
[[nodiscard]] std::string fault_text(const Fault& fault);

/// "0.01:reset-after:3": one request in a hundred.
struct FaultRate {
  double probability = 0;
  Fault fault;
};
[[nodiscard]] std::expected<FaultRate, std::string> parse_fault_rate(std::string_view text);

/// A model of this name asks for the fault behind it.
inline constexpr std::string_view fault_model_prefix = "sim-fault-";

}  // namespace sluice::simulator
