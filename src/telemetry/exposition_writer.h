// Writes the Prometheus text exposition: families, samples, histograms; and adds cores up.
#pragma once
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/telemetry/histogram.h"
#include "sluice/telemetry/metrics.h"

namespace sluice::telemetry {

using Cores = std::span<const Metrics* const>;

struct Label {
  std::string_view name, value;
};

// Writes families one after the other: HELP and TYPE when a family begins, then its samples.
class Exposition {
 public:
  explicit Exposition(std::string& out) noexcept : out_(out) {}

  /// `help` is text of ours: one line without backslashes.
  void begin(std::string_view family, std::string_view type, std::string_view help) {
    family_ = family;
    put("# HELP {} {}\n# TYPE {} {}\n", family, help, family, type);
  }
  template <typename Number>
  void sample(std::span<const Label> labels, Number value) {
    out_ += family_;
    append_labels(labels);
    put(" {}\n", value);
  }
  template <typename Number>
  void sample(std::initializer_list<Label> labels, Number value) {
    sample(std::span(labels.begin(), labels.size()), value);
  }

  /// A histogram's series: cumulative buckets, sum and count. At most one label beside `le`.
  template <typename Scale>
  void histogram(std::span<const Label> labels, const HistogramSum<Scale>& values) {
    std::uint64_t so_far = 0;
    for (std::size_t index = 0; index < Scale::Bounds::count; ++index) {
      so_far += values.buckets[index];
      if (!Scale::Bounds::is_shown(index)) continue;
      const double bound =
          static_cast<double>(Scale::Bounds::values[index]) / Scale::units_per_shown;
      char text[32];
      const char* end = fmt::format_to(text, "{}", bound);
      bucket(labels, {text, static_cast<std::size_t>(end - text)}, so_far);
    }
    bucket(labels, "+Inf", values.count);
    part(labels, "_sum");
    put(" {}\n", static_cast<double>(values.sum) / Scale::units_per_shown);
    part(labels, "_count");
    put(" {}\n", values.count);
  }

 private:
  template <typename... Values>
  void put(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Values>(values)...);
  }
  void part(std::span<const Label> labels, std::string_view suffix) {
    out_ += family_;
    out_ += suffix;
    append_labels(labels);
  }
  void bucket(std::span<const Label> labels, std::string_view bound, std::uint64_t count) {
    out_ += family_;
    out_ += "_bucket";
    if (labels.empty()) {
      append_labels(std::array{Label{"le", bound}});
    } else {
      append_labels(std::array{labels.front(), Label{"le", bound}});
    }
    put(" {}\n", count);
  }
  void append_labels(std::span<const Label> labels) {
    if (labels.empty()) return;
    char before = '{';
    for (const Label& label : labels) {
      out_ += before;
      out_ += label.name;
      out_ += "=\"";
      append_escaped(label.value);
      out_ += '"';
      before = ',';
    }
    out_ += '}';
  }
  void append_escaped(std::string_view value) {
    for (const char c : value) {
      switch (c) {
        case '\\': out_ += "\\\\"; break;
        case '"': out_ += "\\\""; break;
        case '\n': out_ += "\\n"; break;
        default: out_ += c;
      }
    }
  }

  std::string& out_;
  std::string_view family_;
};

/// What all cores together counted in the counter that `pick` finds in each.
template <typename Pick>
std::uint64_t sum_of(Cores cores, Pick pick) {
  std::uint64_t sum = 0;
  for (const Metrics* core : cores) sum += pick(*core).value();
  return sum;
}

}  // namespace sluice::telemetry
