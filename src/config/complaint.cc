#include "sluice/config/complaint.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace sluice::config {

void Complaints::add(Complaint complaint) {
  if (complaint.severity == Severity::error) ++errors_;
  if (kept_[static_cast<std::size_t>(complaint.severity)]++ >= kept_max) {
    ++left_out_;
    return;
  }
  all_.push_back(std::move(complaint));
}

void Complaints::error(Place place, std::string key, std::string text) {
  add({Severity::error, place, std::move(key), std::move(text)});
}

void Complaints::warning(Place place, std::string key, std::string text) {
  add({Severity::warning, place, std::move(key), std::move(text)});
}

void Complaints::note(std::string text) { add({Severity::note, {}, {}, std::move(text)}); }

std::string Complaints::render(const Complaint& complaint) const {
  std::string line = file_;
  const Place place = complaint.place;
  if (place.line > 0) fmt::format_to(std::back_inserter(line), ":{}:{}", place.line, place.column);
  if (!line.empty()) line += ": ";
  if (complaint.severity == Severity::warning) line += "warning: ";
  if (complaint.severity == Severity::note) line += "note: ";
  if (!complaint.key.empty()) line += complaint.key + ": ";
  return line + complaint.text;
}

std::string Complaints::render(Severity at_least) const {
  std::vector<const Complaint*> chosen;
  for (const Complaint& complaint : all_) {
    if (complaint.severity >= at_least) chosen.push_back(&complaint);
  }
  // All point into one vector, so that their order settles which of two at one place came first.
  std::sort(chosen.begin(), chosen.end(), [](const Complaint* a, const Complaint* b) {
    return std::tuple(a->place.line, a->place.column, a) <
           std::tuple(b->place.line, b->place.column, b);
  });
  std::string text;
  for (const Complaint* complaint : chosen) text += render(*complaint) + "\n";
  if (left_out_ > 0) text += fmt::format("... and {} more\n", left_out_);
  return text;
}

}  // namespace sluice::config
