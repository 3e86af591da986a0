#include "load/results.h"

#include <fmt/format.h>

#include <cmath>

#include "sluice/json/writer.h"

namespace sluice::load {
namespace {

double microseconds(Duration span) { return static_cast<double>(span.count()) / 1e3; }

// [[quantile, span], ...] from the least on, ten to each further nine of the quantile, as far out
// as at least one value lies beyond.
void write_curve(json::Writer& writer, const LatencyHistogram& spans) {
  writer.key("curve").begin_array();
  for (int tenths = 0; tenths <= 90; ++tenths) {
    const double beyond = std::pow(10.0, -0.1 * tenths);
    if (beyond * static_cast<double>(spans.count()) < 1) break;
    writer.begin_array().number(1 - beyond);
    writer.number(microseconds(spans.quantile(1 - beyond))).end_array();
  }
  writer.end_array();
}

void write_spans(json::Writer& writer, std::string_view name, const LatencyHistogram& spans) {
  writer.key(name).begin_object().key("count").unsigned_integer(spans.count());
  writer.key("p50").number(microseconds(spans.quantile(0.5)));
  writer.key("p90").number(microseconds(spans.quantile(0.9)));
  writer.key("p99").number(microseconds(spans.quantile(0.99)));
  writer.key("p99_9").number(microseconds(spans.quantile(0.999)));
  writer.key("max").number(microseconds(spans.max()));
  write_curve(writer, spans);
  writer.end_object();
}

std::string line_of(std::string_view name, const LatencyHistogram& spans) {
  if (spans.count() == 0) return {};
  return fmt::format(
      "{:<9} p50 {:>9.1f}  p90 {:>9.1f}  p99 {:>9.1f}  p99.9 {:>9.1f}  max {:>9.1f} us\n", name,
      microseconds(spans.quantile(0.5)), microseconds(spans.quantile(0.9)),
      microseconds(spans.quantile(0.99)), microseconds(spans.quantile(0.999)),
      microseconds(spans.max()));
}

}  // namespace

std::string to_json(const Results& results, std::string_view scenario, std::string_view target) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("scenario").string(scenario).key("target").string(target);
  writer.key("seconds").number(results.seconds);
  writer.key("client_cpu_seconds").number(results.cpu_seconds);
  writer.key("requests").unsigned_integer(results.requests);
  writer.key("right").unsigned_integer(results.right);
  writer.key("wrong").unsigned_integer(results.wrong);
  writer.key("per_second").number(results.per_second());
  writer.key("connects").unsigned_integer(results.connects);
  writer.key("retries").unsigned_integer(results.retries);
  writer.key("events").unsigned_integer(results.events);
  writer.key("all_requests").unsigned_integer(results.all_requests);
  writer.key("all_right").unsigned_integer(results.all_right);
  writer.key("all_events").unsigned_integer(results.all_events);
  writer.key("bytes_in").unsigned_integer(results.bytes_in);
  writer.key("bytes_out").unsigned_integer(results.bytes_out);
  writer.key("errors").begin_object();
  for (const auto& [kind, count] : results.errors) writer.key(kind).unsigned_integer(count);
  writer.end_object();
  write_spans(writer, "latency_us", results.latency);
  write_spans(writer, "first_content_us", results.first);
  write_spans(writer, "gap_us", results.gap);
  writer.end_object();
  out += '\n';
  return out;
}

std::string to_summary(const Results& results) {
  std::string out = fmt::format(
      "{} requests in {:.2f} s: {:.0f} right answers/s, {} wrong, {} connects, {} retries\n",
      results.requests, results.seconds, results.per_second(), results.wrong, results.connects,
      results.retries);
  out += line_of("latency", results.latency);
  out += line_of("first", results.first);
  out += line_of("gap", results.gap);
  if (results.events != 0) out += fmt::format("{} events\n", results.events);
  out += fmt::format("{:.1f} MB in, {:.1f} MB out, {:.2f} s of CPU here\n",
                     static_cast<double>(results.bytes_in) / 1e6,
                     static_cast<double>(results.bytes_out) / 1e6, results.cpu_seconds);
  for (const auto& [kind, count] : results.errors)
    out += fmt::format("ERROR {}: {}\n", kind, count);
  return out;
}

}  // namespace sluice::load
