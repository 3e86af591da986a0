#include "simulator/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

namespace sluice::simulator {
namespace {

constexpr const char* description =
    R"(A provider of language models that is none: speaks the APIs of OpenAI, Anthropic, Gemini,
Vertex AI, Bedrock and Azure over HTTP/1.1, refuses what they would refuse, answers with made-up
text that follows from the request, and fails on demand.

  sluice-sim                                          on 127.0.0.1:8081, as fast as it can
  sluice-sim --ttft-ms 300 --tokens-per-second 80     as a real one
  sluice-sim --fault-rate 0.01:reset-after:3          one answer in a hundred breaks
  sluice-sim --fault-rate 0.05:slow-head:2000:5000    one in twenty comes 2 to 5 s late
  sluice-sim --fault-rate 1:every:9000:3000:status:503   down for 3 s of every 9
  curl 127.0.0.1:8081/v1/chat/completions -H content-type:application/json \
       -d '{"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]}')";

constexpr const char* epilogue = R"(
What a request can ask for:
  x-sim-fault: NAME[:N[:N]]     or a model sim-fault-NAME...  one fault, see --list-faults
  x-sim-fault: first:N:NAME...  that fault for the first N that ask for it; within:MS: and
                                every:MS:MS: do the same by time
  x-sim-replay: CASE[#N]        or a model sim-replay-CASE    a recorded answer, see --replay
  x-sim-echo: 1                 or the model sim-echo         what arrived here, as JSON
  GET /sim/stats                                              counts of this process, as JSON,
                                                              each fault's among them
The dialect is the path's, behind any prefix:
  /v1/chat/completions and the rest of OpenAI's paths         OpenAI
  /openai/deployments/{model}/chat/completions?api-version=D  Azure; also /openai/v1/...
                                                              and /openai/responses
  /v1/messages, /v1/messages/count_tokens                     Anthropic
  /v1beta/models/{model}:generateContent                      Gemini; also :streamGenerateContent and
                                                              :countTokens, ?alt=sse for events
  /v1/projects/{p}/locations/{l}/publishers/google/models/{model}:generateContent        Vertex AI
  /v1/projects/{p}/locations/{l}/publishers/anthropic/models/{model}:streamRawPredict    the same
  /token, /{tenant}/oauth2/v2.0/token, /computeMetadata/...   access tokens, in place of keys
  /model/{model}/converse, .../converse-stream, .../count-tokens   Bedrock
All but OpenAI's want a key in the field of theirs, and with --key that one. A model whose name has
nonexistent or does-not-exist in it is not there.
The text answers the last user message: the same message gives the same text. A chat that ends with
the assistant's own words, or asks to continue behind them, gets what is left of that text, if they
are how it begins. With tools, the first answer calls them; after their results it speaks. SIGTERM
and SIGINT end the program at once.)";

void list_faults() {
  for (const FaultRow& row : fault_table()) {
    fmt::print("{:<34} {}\n", fmt::format("{}{}", row.name, row.arguments), row.what);
  }
  fmt::print("\nIn front of a fault, counted over all workers for each fault as it is written:\n");
  for (const WhenRow& row : when_table()) {
    fmt::print("{:<34} {}\n", fmt::format("{}{}", row.name, row.arguments), row.what);
  }
}

Duration milliseconds(double count) { return Duration(static_cast<Duration::rep>(count * 1e6)); }

// What the library cannot take in one piece.
struct Raw {
  double ttft_ms = 0;
  double jitter_ms = 0;
  double gap_ms = 0;
  double tokens_per_second = 0;
  std::string spread = "fixed";
  std::string key;
  std::vector<std::string> fault_rates;
  bool list = false;
};

void add_options(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--listen", options.listen,
                 "Address: 127.0.0.1:8081, [::1]:0, unix:/run/sim.sock; may be repeated. With port "
                 "0 the kernel chooses; the addresses are printed");
  app.add_option("--workers", options.workers, "Threads, each with a loop of its own")
      ->check(CLI::Range(1, 1024));
  app.add_option("--cpu", options.first_cpu, "Pin worker i to CPU number this + i");
  app.add_option("--tls-cert", options.tls_certificate, "Certificate chain, PEM: TCP becomes TLS");
  app.add_option("--tls-key", options.tls_key, "Its private key, PEM");
  app.add_option(
      "--key", raw.key,
      "Only callers with this key are answered, in Authorization: Bearer or the dialect's own "
      "field");
  app.add_option("--tokens", options.simulator.tokens, "Tokens, and events, of an answer")
      ->capture_default_str();
  app.add_option("--dimensions", options.simulator.dimensions, "Of an embedding")
      ->capture_default_str();
  app.add_option("--ttft-ms", raw.ttft_ms, "Time to the first token")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--ttft-jitter-ms", raw.jitter_ms, "Added to it, uniform from 0 to this")
      ->check(CLI::NonNegativeNumber);
  auto* gap = app.add_option("--gap-ms", raw.gap_ms, "Time between two tokens")
                  ->check(CLI::NonNegativeNumber);
  app.add_option("--tokens-per-second", raw.tokens_per_second, "The same as a rate")
      ->check(CLI::PositiveNumber)
      ->excludes(gap);
  app.add_option("--spread", raw.spread, "How both vary: fixed, lognormal or pareto (long tail)")
      ->check(CLI::IsMember({"fixed", "lognormal", "pareto"}));
  app.add_option("--fault-rate", raw.fault_rates,
                 "PROBABILITY:FAULT, such as 0.01:reset-after:3; may be repeated. With a time in "
                 "front of the fault, such as within:60000:, for that time alone");
  app.add_option("--replay", options.replay,
                 "Folder of recorded answers (.pairs.jsonl, .sse, .chunks.txt, .json)");
  app.add_option("--seed", options.seed, "Of ids, jitter and --fault-rate");
  app.add_flag("--list-faults", raw.list, "Print every fault there is, and end");
}

std::optional<std::string> apply(Raw& raw, Options& options) {
  SimulatorConfig& config = options.simulator;
  config.key = Secret(std::move(raw.key));
  config.pace = {
      .first_token = milliseconds(raw.ttft_ms),
      .first_token_jitter = milliseconds(raw.jitter_ms),
      .gap = milliseconds(raw.tokens_per_second > 0 ? 1e3 / raw.tokens_per_second : raw.gap_ms),
      .spread = spread_of(raw.spread).value_or(Spread::fixed)};
  for (const std::string& text : raw.fault_rates) {
    const auto rate = parse_fault_rate(text);
    if (!rate) return rate.error();
    config.fault_rates.push_back(*rate);
  }
  if (options.listen.empty()) options.listen.emplace_back("127.0.0.1:8081");
  if (options.tls_certificate.empty() != options.tls_key.empty())
    return "--tls-cert and --tls-key go together";
  if (const auto rule = config.broken_rule()) return std::string(*rule);
  return std::nullopt;
}

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  CLI::App app(description, "sluice-sim");
  app.footer(epilogue);
  app.set_version_flag("-V,--version", "sluice-sim " SLUICE_VERSION);
  Options options;
  Raw raw;
  add_options(app, options, raw);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (raw.list) {
    list_faults();
    return 0;
  }
  if (const auto complaint = apply(raw, options)) {
    fmt::print(stderr, "sluice-sim: {}\n", *complaint);
    return 2;
  }
  return options;
}

}  // namespace sluice::simulator
