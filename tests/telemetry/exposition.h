// A strict reader of the Prometheus text exposition 0.0.4, for tests: anything the format does not
// allow, or that a careful server does not do, is a complaint.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::telemetry {

struct Family {
  std::string type, help;
  std::map<std::string, double> samples;  // by name and labels as written, such as a_bucket{le="1"}
};

class ExpositionReader {
 public:
  /// Reads a whole exposition; what is wrong with it is in complaints().
  explicit ExpositionReader(std::string_view text);

  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  [[nodiscard]] const std::map<std::string, Family>& families() const { return families_; }
  /// The value of a series, or NaN when there is none.
  [[nodiscard]] double value(const std::string& series) const;

 private:
  struct Sample {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
  };
  struct Histogram {
    double last_bound = -1, last_count = 0, infinite = -1, count = -1;
    bool has_sum = false;
  };

  void read_line(std::string_view line);
  void read_comment(std::string_view line);
  void read_sample(std::string_view line);
  bool parse_sample(std::string_view line, Sample& sample);
  bool parse_labels(std::string_view& rest, std::map<std::string, std::string>& labels);
  void check_histogram_part(Sample sample);
  void finish_family();
  void complain(std::string_view what) { complaints_.push_back(line_ + ": " + std::string(what)); }

  std::map<std::string, Family> families_;
  std::map<std::string, std::string> family_of_;  // series -> family
  std::vector<std::string> complaints_;
  std::map<std::string, Histogram> histograms_;  // of the current family, by labels without le
  std::string current_, line_;
};

}  // namespace sluice::telemetry
