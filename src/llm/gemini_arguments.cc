#include "gemini_arguments.h"

#include <algorithm>
#include <charconv>

#include "sluice/json/writer.h"

namespace sluice::llm {
namespace {

using json::Kind;
using json::Value;

bool is_scalar(Value value) noexcept { return !value.is(Kind::object) && !value.is(Kind::array); }

struct Piece {
  std::string_view path;
  std::string path_scratch;
  std::optional<Value> value;
  bool is_null = false;  // said by a member's name; its value is "NULL_VALUE"
  bool goes_on = false;
};

void read_piece(Value value, Piece& piece) {
  std::string scratch;
  for (const json::Member member : value.members()) {
    const std::string_view name = member.key.unescaped(scratch);
    if (name == "jsonPath") {
      piece.path = member.value.unescaped(piece.path_scratch);
    } else if (name == "willContinue") {
      piece.goes_on = member.value.boolean().value_or(false);
    } else if ((name == "stringValue" || name == "numberValue" || name == "boolValue" ||
                name == "nullValue") &&
               is_scalar(member.value)) {
      piece.value = member.value;
      piece.is_null = name == "nullValue";
    }
  }
}

}  // namespace

// $.name, $.name[0], $['name'], $["name"]
std::optional<std::vector<GeminiArguments::Step>> GeminiArguments::parse_path(
    std::string_view path) {
  std::vector<Step> steps;
  if (!path.starts_with('$')) return std::nullopt;
  path.remove_prefix(1);
  while (!path.empty()) {
    if (steps.size() == depth_max) return std::nullopt;
    Step step;
    std::size_t taken = 0;
    if (path.front() == '.') {
      const std::size_t end = std::min(path.find_first_of(".[", 1), path.size());
      step.key = path.substr(1, end - 1);
      taken = end;
    } else if (path.starts_with("['") || path.starts_with("[\"")) {
      const std::size_t end = path.find(std::string{path[1], ']'}, 2);
      if (end == path.npos) return std::nullopt;
      step.key = path.substr(2, end - 2);
      taken = end + 2;
    } else if (path.front() == '[') {
      step.is_index = true;
      const std::size_t end = path.find(']');
      if (end == path.npos) return std::nullopt;
      const auto [last, error] = std::from_chars(path.data() + 1, path.data() + end, step.index);
      if (error != std::errc{} || last != path.data() + end) return std::nullopt;
      taken = end + 1;
    } else {
      return std::nullopt;
    }
    steps.push_back(std::move(step));
    path.remove_prefix(taken);
  }
  if (steps.empty()) return std::nullopt;
  return steps;
}

bool GeminiArguments::add(Value value) {
  Piece piece;
  read_piece(value, piece);
  if (piece.path.empty() || !piece.value) return false;
  const std::string_view raw = piece.value->raw();
  // The path's keys are written once each, escaped.
  if (out_.size() + raw.size() + 6 * piece.path.size() > bytes_max) return false;
  const bool is_string = piece.value->is(Kind::string) && !piece.is_null;
  if (!string_path_.empty() && string_path_ == piece.path && is_string) {
    out_ += raw.substr(1, raw.size() - 2);
    if (!piece.goes_on) end_string();
    return true;
  }
  const auto path = parse_path(piece.path);
  if (!path) return false;
  const std::size_t shared = shared_levels(*path);
  if (!fits(*path, shared)) return false;
  end_string();
  close_to(shared);
  for (std::size_t level = shared; level < path->size(); ++level) {
    const bool is_array = (*path)[level].is_index;
    write_step((*path)[level - 1]);
    out_ += is_array ? '[' : '{';
    open_.push_back({.step = (*path)[level - 1], .is_array = is_array});
  }
  write_step(path->back());
  ++values_;
  out_ += piece.is_null ? "null" : raw;
  if (is_string && piece.goes_on) {
    out_.pop_back();
    string_path_ = piece.path;
  }
  return true;
}

// How many of the open levels the path goes through; the outermost always.
std::size_t GeminiArguments::shared_levels(const std::vector<Step>& path) const {
  std::size_t shared = 1;
  while (shared < open_.size() && shared < path.size() && open_[shared].step == path[shared - 1] &&
         open_[shared].is_array == path[shared].is_index) {
    ++shared;
  }
  return shared;
}

// Whether the step that leaves the shared levels is one of a name in an object, of a place in a
// list.
bool GeminiArguments::fits(const std::vector<Step>& path, std::size_t shared) const {
  return open_[shared - 1].is_array == path[shared - 1].is_index;
}

void GeminiArguments::write_step(const Step& step) {
  if (open_.back().has_items) out_ += ',';
  open_.back().has_items = true;
  if (step.is_index) return;
  json::append_quoted(out_, std::string_view(step.key));
  out_ += ':';
}

void GeminiArguments::end_string() {
  if (string_path_.empty()) return;
  out_ += '"';
  string_path_.clear();
}

void GeminiArguments::close_to(std::size_t levels) {
  while (open_.size() > levels) {
    out_ += open_.back().is_array ? ']' : '}';
    open_.pop_back();
  }
}

void GeminiArguments::close() {
  end_string();
  close_to(0);
}

std::optional<json::Text> GeminiArguments::only_string(std::string_view name) const {
  std::string begin = "{";
  json::append_quoted(begin, name);
  begin += ":\"";
  const std::string_view all = out_;
  if (values_ != 1 || !all.starts_with(begin) || !all.ends_with("\"}")) return std::nullopt;
  return json::Text{.bytes = all.substr(begin.size(), all.size() - begin.size() - 2),
                    .escaped = true};
}

}  // namespace sluice::llm
