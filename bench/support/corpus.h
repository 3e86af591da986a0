// Reads what the benchmarks are fed with: the files of bench/corpus, whose README says where each
// one comes from. A file that cannot be read is empty; the benchmark's own check then voids its
// time.
#pragma once
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

/// The whole file of that name.
[[nodiscard]] inline std::string load_corpus(const std::string& name) {
  std::ifstream file(SLUICE_BENCH_CORPUS "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The data of each event of a stream whose events are one `data:` line each, `[DONE]` left out.
[[nodiscard]] inline std::vector<std::string> load_corpus_events(const std::string& name) {
  constexpr std::string_view prefix = "data: ";
  std::vector<std::string> events;
  std::ifstream file(SLUICE_BENCH_CORPUS "/" + name, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(prefix)) continue;
    line.erase(0, prefix.size());
    if (line != "[DONE]") events.push_back(line);
  }
  return events;
}

}  // namespace sluice::bench
