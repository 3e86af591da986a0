#include "exposition.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::telemetry {
namespace {

bool is_name(std::string_view name, bool colon_allowed) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) return false;
  for (const char c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && !(colon_allowed && c == ':')) {
      return false;
    }
  }
  return true;
}

bool parse_number(std::string_view text, double& value) {
  if (text == "+Inf") {
    value = std::numeric_limits<double>::infinity();
    return true;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

std::string join(const std::map<std::string, std::string>& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += name + "=" + value + ";";
  return text;
}

}  // namespace

ExpositionReader::ExpositionReader(std::string_view text) {
  if (!text.ends_with('\n')) complaints_.emplace_back("the last line has no end");
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    line_ = text.substr(0, end);
    read_line(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  finish_family();
}

double ExpositionReader::value(const std::string& series) const {
  const auto family = family_of_.find(series);
  if (family == family_of_.end()) return std::nan("");
  return families_.at(family->second).samples.at(series);
}

void ExpositionReader::read_line(std::string_view line) {
  if (line.starts_with("# ")) {
    read_comment(line.substr(2));
  } else {
    read_sample(line);
  }
}

void ExpositionReader::read_comment(std::string_view line) {
  const std::string_view kind = line.substr(0, line.find(' '));
  std::string_view rest = line.substr(std::min(kind.size() + 1, line.size()));
  const std::string name(rest.substr(0, rest.find(' ')));
  rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  if (!is_name(name, true)) return complain("a comment without a metric's name");
  if (kind == "HELP") {
    finish_family();
    current_ = name;
    if (families_.contains(name)) return complain("a family twice");
    if (rest.empty()) complain("no help");
    if (rest.find('\\') != std::string_view::npos) complain("a backslash in the help");
    families_[name].help = rest;
  } else if (kind == "TYPE") {
    if (name != current_) return complain("TYPE without HELP in front");
    Family& family = families_[name];
    if (!family.type.empty()) complain("a second TYPE");
    if (rest != "counter" && rest != "gauge" && rest != "histogram") complain("an unknown type");
    family.type = rest;
    if ((rest == "counter") != name.ends_with("_total")) complain("only counters end in _total");
  } else {
    complain("a comment that is neither HELP nor TYPE");
  }
}

bool ExpositionReader::parse_labels(std::string_view& rest,
                                    std::map<std::string, std::string>& labels) {
  rest.remove_prefix(1);  // {
  while (true) {
    const std::size_t equals = rest.find("=\"");
    if (equals == std::string_view::npos) return false;
    const std::string name(rest.substr(0, equals));
    if (!is_name(name, false) || labels.contains(name)) return false;
    rest.remove_prefix(equals + 2);
    std::string& value = labels[name];
    while (!rest.empty() && rest.front() != '"') {
      if (rest.front() == '\\') {
        rest.remove_prefix(1);
        if (rest.empty()) return false;
        const char c = rest.front();
        if (c != '\\' && c != '"' && c != 'n') return false;
        value += c == 'n' ? '\n' : c;
      } else {
        value += rest.front();
      }
      rest.remove_prefix(1);
    }
    if (rest.size() < 2) return false;
    const char next = rest[1];
    rest.remove_prefix(2);
    if (next == '}') return true;
    if (next != ',') return false;
  }
}

bool ExpositionReader::parse_sample(std::string_view line, Sample& sample) {
  sample.name = line.substr(0, line.find_first_of("{ "));
  if (!is_name(sample.name, true)) return false;
  line.remove_prefix(sample.name.size());
  if (line.starts_with('{') && !parse_labels(line, sample.labels)) return false;
  return line.starts_with(' ') && parse_number(line.substr(1), sample.value);
}

void ExpositionReader::read_sample(std::string_view line) {
  Sample sample;
  if (!parse_sample(line, sample)) return complain("no sample");
  const auto family = families_.find(current_);
  if (family == families_.end() || family->second.type.empty()) {
    return complain("a sample outside a family");
  }
  const std::string series(line.substr(0, line.rfind(' ')));
  if (!family_of_.emplace(series, current_).second) complain("a series twice");
  family->second.samples[series] = sample.value;
  if (family->second.type == "histogram") return check_histogram_part(std::move(sample));
  if (sample.name != current_) complain("a sample of another family");
  if (family->second.type == "counter" && sample.value < 0) complain("a negative counter");
}

void ExpositionReader::check_histogram_part(Sample sample) {
  const bool has_bound = sample.labels.contains("le");
  const std::string bound = has_bound ? sample.labels["le"] : "";
  sample.labels.erase("le");
  Histogram& histogram = histograms_[join(sample.labels)];
  if (sample.name == current_ + "_bucket") {
    double upper = 0;
    if (!has_bound || !parse_number(bound, upper)) return complain("a bucket without bound");
    if (upper <= histogram.last_bound) complain("bounds do not ascend");
    if (sample.value < histogram.last_count) complain("buckets are not cumulative");
    histogram.last_bound = upper;
    histogram.last_count = sample.value;
    if (std::isinf(upper)) histogram.infinite = sample.value;
  } else if (sample.name == current_ + "_sum" && !has_bound) {
    histogram.has_sum = true;
  } else if (sample.name == current_ + "_count" && !has_bound) {
    histogram.count = sample.value;
  } else {
    complain("no part of a histogram");
  }
}

void ExpositionReader::finish_family() {
  for (const auto& [labels, histogram] : histograms_) {
    if (histogram.infinite < 0) complain("a histogram without +Inf: " + labels);
    if (!histogram.has_sum) complain("a histogram without sum: " + labels);
    if (histogram.infinite != histogram.count) complain("count and +Inf differ: " + labels);
  }
  histograms_.clear();
}

}  // namespace sluice::telemetry
