// The Prometheus text exposition, format 0.0.4: every core's metrics added up and written out.
// Source: prometheus.io/docs/instrumenting/exposition_formats.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "sluice/telemetry/metrics.h"

namespace sluice::telemetry {

/// The Content-Type of what render_prometheus() writes.
inline constexpr std::string_view prometheus_content_type =
    "text/plain; version=0.0.4; charset=utf-8";

struct BuildInfo {
  std::string_view version, compiler, isa;
};

/// Appends the whole exposition to `out`. Any thread. Families without labels are always there;
/// of labelled ones, the series that counted something. Numbers of one scrape need not agree with
/// each other to the last request: the cores go on counting meanwhile.
void render_prometheus(std::span<const Metrics* const> cores, const ProcessMetrics& process,
                       const MetricLabels& labels, const BuildInfo& build, std::string& out);

}  // namespace sluice::telemetry
