// One table of the file being read: typed, with every complaint at its place, and in the end the
// keys nobody asked for.
//
//   Section section(table, "server", complaints);
//   section.count("workers", config.workers, 0, 1024);
//   section.finish();   // "unknown key"; the keys asked for are the known ones
#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sluice/catalog/timeouts.h"
#include "sluice/config/complaint.h"
#include "toml.h"

namespace sluice::config {

class Section {
 public:
  /// Lifetime: table and complaints outlive the section.
  Section(const toml::table& table, std::string path, Place place, Complaints& complaints)
      : table_(table), path_(std::move(path)), place_(place), complaints_(complaints) {}

  /// The node of that key, or null; marks the key as known.
  const toml::node* take(std::string_view key);

  /// Each of these leaves `value` alone and returns false when the key is absent or wrong.
  bool flag(std::string_view key, bool& value);
  template <typename Count>
  bool count(std::string_view key, Count& value, std::uint64_t min = 0,
             std::uint64_t max = std::numeric_limits<Count>::max()) {
    std::uint64_t read = 0;
    if (!count_between(key, read, min, max)) return false;
    value = static_cast<Count>(read);
    return true;
  }
  bool milliseconds(std::string_view key, std::optional<std::chrono::milliseconds>& value);
  bool number(std::string_view key, double& value, double min, double max);
  bool text(std::string_view key, std::string& value);
  bool texts(std::string_view key, std::vector<std::string>& value);

  /// Visits the tables under a key: `visit(Section&)` for each of [[key]]; finish() is called for
  /// the visitor. A single table is taken too when `single` says so.
  template <typename Visit>
  void tables(std::string_view key, bool single, Visit visit);
  /// The same for one table.
  template <typename Visit>
  bool table(std::string_view key, Visit visit);

  void error(std::string_view key, std::string text);
  void warning(std::string_view key, std::string text);
  /// A key that must be there and is not. Said by finish(), and not beside an unknown key that is
  /// this one misspelt.
  void missing(std::string_view key, std::string text);
  /// A rule of the section's struct that is broken: placed at the key it names first.
  void broken_rule(const std::optional<std::string_view>& rule);
  void finish();

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  [[nodiscard]] Place place() const noexcept { return place_; }
  [[nodiscard]] Place place(std::string_view key) const;
  [[nodiscard]] std::string path(std::string_view key = {}) const;
  [[nodiscard]] Complaints& complaints() noexcept { return complaints_; }

  /// "a text", "a table": for complaints about types.
  [[nodiscard]] static std::string_view kind_of(const toml::node& node) noexcept;

 private:
  bool count_between(std::string_view key, std::uint64_t& value, std::uint64_t min,
                     std::uint64_t max);
  bool wrong_type(std::string_view key, std::string_view wanted, const toml::node& node);
  [[nodiscard]] Section child(const toml::table& table, std::string path);

  const toml::table& table_;
  std::string path_;  // empty at the root
  Place place_;
  Complaints& complaints_;
  std::vector<std::string_view> known_;
  std::vector<std::pair<std::string_view, std::string>> missing_;
};

template <typename Visit>
bool Section::table(std::string_view key, Visit visit) {
  const toml::node* node = take(key);
  if (node == nullptr) return false;
  const toml::table* found = node->as_table();
  if (found == nullptr) return wrong_type(key, "a table", *node);
  Section section = child(*found, path(key));
  visit(section);
  section.finish();
  return true;
}

template <typename Visit>
void Section::tables(std::string_view key, bool single, Visit visit) {
  const toml::node* node = take(key);
  if (node == nullptr) return;
  if (const toml::table* found = node->as_table(); found != nullptr && single) {
    table(key, visit);
    return;
  }
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    const bool is_table = node->is_table();
    error(key, is_table ? "write [[" + path(key) + "]] with two brackets: there may be several"
                        : "must be a list of tables, not " + std::string(kind_of(*node)));
    return;
  }
  std::size_t index = 0;
  for (const toml::node& item : *list) {
    const std::string item_path = path(key) + "[" + std::to_string(index++) + "]";
    if (const toml::table* found = item.as_table()) {
      Section section = child(*found, item_path);
      visit(section);
      section.finish();
    } else {
      complaints_.error({static_cast<std::uint32_t>(item.source().begin.line),
                         static_cast<std::uint32_t>(item.source().begin.column)},
                        item_path, "must be a table, not " + std::string(kind_of(item)));
    }
  }
}

}  // namespace sluice::config
