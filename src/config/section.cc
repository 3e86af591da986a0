#include "section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sluice/config/spelling.h"
#include "syntax.h"

namespace sluice::config {
namespace {
constexpr std::uint64_t milliseconds_max = 86'400'000;  // a day: more is a mistaken unit
}

std::string_view Section::kind_of(const toml::node& node) noexcept {
  switch (node.type()) {
    case toml::node_type::none: return "nothing";
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a point";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return "a date or time";
  }
  return "something else";
}

const toml::node* Section::take(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  return table_.get(key);
}

Place Section::place(std::string_view key) const {
  const auto found = table_.find(key);
  if (found == table_.end()) return place_;
  return place_of(found->first.source());
}

std::string Section::path(std::string_view key) const {
  if (path_.empty() || key.empty()) return path_ + std::string(key);
  return path_ + "." + std::string(key);
}

Section Section::child(const toml::table& table, std::string path) {
  return {table, std::move(path), place_of(table.source()), complaints_};
}

void Section::error(std::string_view key, std::string text) {
  complaints_.error(place(key), path(key), std::move(text));
}

void Section::warning(std::string_view key, std::string text) {
  complaints_.warning(place(key), path(key), std::move(text));
}

void Section::missing(std::string_view key, std::string text) {
  missing_.emplace_back(key, std::move(text));
}

bool Section::wrong_type(std::string_view key, std::string_view wanted, const toml::node& node) {
  error(key, fmt::format("must be {}, not {}", wanted, kind_of(node)));
  return false;
}

bool Section::flag(std::string_view key, bool& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return false;
  const auto* found = node->as_boolean();
  if (found == nullptr) return wrong_type(key, "true or false", *node);
  value = found->get();
  return true;
}

bool Section::count_between(std::string_view key, std::uint64_t& value, std::uint64_t min,
                            std::uint64_t max) {
  const toml::node* node = take(key);
  if (node == nullptr) return false;
  const auto* found = node->as_integer();
  if (found == nullptr) return wrong_type(key, "a whole number", *node);
  const std::int64_t read = found->get();
  if (read < 0 || static_cast<std::uint64_t>(read) < min ||
      static_cast<std::uint64_t>(read) > max) {
    error(key, fmt::format("must be from {} to {}", min, max));
    return false;
  }
  value = static_cast<std::uint64_t>(read);
  return true;
}

bool Section::milliseconds(std::string_view key, std::optional<std::chrono::milliseconds>& value) {
  std::uint64_t read = 0;
  if (!count_between(key, read, 1, milliseconds_max)) return false;
  value = std::chrono::milliseconds(read);
  return true;
}

bool Section::number(std::string_view key, double& value, double min, double max) {
  const toml::node* node = take(key);
  if (node == nullptr) return false;
  const std::optional<double> read = node->is_number() ? node->value<double>() : std::nullopt;
  if (!read) return wrong_type(key, "a number", *node);
  if (!std::isfinite(*read) || *read < min || *read > max) {
    error(key, fmt::format("must be from {} to {}", min, max));
    return false;
  }
  value = *read;
  return true;
}

bool Section::text(std::string_view key, std::string& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return false;
  const auto* found = node->as_string();
  if (found == nullptr) return wrong_type(key, "a text in quotes", *node);
  if (found->get().empty()) {
    error(key, "must not be empty; leave the line out instead");
    return false;
  }
  if (found->get().find('\0') != std::string::npos) {
    error(key, "must not hold a zero byte");
    return false;
  }
  value = found->get();
  return true;
}

bool Section::texts(std::string_view key, std::vector<std::string>& value) {
  const toml::node* node = take(key);
  if (node == nullptr) return false;
  const toml::array* list = node->as_array();
  if (list == nullptr) return wrong_type(key, "a list of texts", *node);
  std::vector<std::string> read;
  for (const toml::node& item : *list) {
    const auto* found = item.as_string();
    if (found == nullptr || found->get().empty()) {
      complaints_.error(
          place_of(item.source()), path(key) + "[" + std::to_string(read.size()) + "]",
          found == nullptr ? "must be a text in quotes, not " + std::string(kind_of(item))
                           : "must not be empty");
      return false;
    }
    read.push_back(found->get());
  }
  value = std::move(read);
  return true;
}

void Section::broken_rule(const std::optional<std::string_view>& rule) {
  if (!rule) return;
  const std::string_view key = rule->substr(0, rule->find(' '));
  error(key, std::string(*rule));
}

void Section::finish() {
  for (const auto& [key, node] : table_) {
    const std::string_view name = key.str();
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const std::string_view meant = nearest(name, known_);
    const std::string hint = !meant.empty()
                                 ? fmt::format("did you mean \"{}\"?", meant)
                                 : fmt::format("known here: {}", fmt::join(known_, ", "));
    std::erase_if(missing_, [&](const auto& each) { return each.first == meant; });
    complaints_.error(place_of(key.source()), path(showable(name) ? name : "(hidden)"),
                      "unknown key; " + hint);
  }
  for (auto& [key, text] : missing_) error(key, std::move(text));
}

}  // namespace sluice::config
