#include "sluice/gateway/explain_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "sluice/base/percent.h"

namespace sluice::gateway {
namespace {

using Refusal = std::optional<std::string>;

// Those that are for one model and go to a provider.
struct Explained {
  llm::Operation operation;
  std::string_view path;
};
constexpr std::array explained = {
    Explained{llm::Operation::chat_completions, "/v1/chat/completions"},
    Explained{llm::Operation::completions, "/v1/completions"},
    Explained{llm::Operation::embeddings, "/v1/embeddings"},
    Explained{llm::Operation::responses, "/v1/responses"},
    Explained{llm::Operation::images_generations, "/v1/images/generations"},
    Explained{llm::Operation::images_edits, "/v1/images/edits"},
    Explained{llm::Operation::audio_speech, "/v1/audio/speech"},
    Explained{llm::Operation::audio_transcriptions, "/v1/audio/transcriptions"},
    Explained{llm::Operation::audio_translations, "/v1/audio/translations"},
    Explained{llm::Operation::moderations, "/v1/moderations"},
    Explained{llm::Operation::messages, "/v1/messages"},
    Explained{llm::Operation::messages_count_tokens, "/v1/messages/count_tokens"},
};

struct Need {
  std::string_view name;
  bool llm::RequestNeeds::* flag;
};
constexpr std::array need_names = {
    Need{"tools", &llm::RequestNeeds::tools},
    Need{"parallel_tools", &llm::RequestNeeds::parallel_tools},
    Need{"images", &llm::RequestNeeds::images},
    Need{"audio", &llm::RequestNeeds::audio},
    Need{"files", &llm::RequestNeeds::files},
    Need{"json_schema", &llm::RequestNeeds::json_schema},
    Need{"json_object", &llm::RequestNeeds::json_object},
    Need{"reasoning", &llm::RequestNeeds::reasoning},
};

template <typename List, typename Name>
std::string names_of(const List& list, Name name) {
  std::string names;
  for (const auto& each : list) {
    if (!names.empty()) names += ", ";
    names += name(each);
  }
  return names;
}

std::optional<std::uint8_t> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  const char small = static_cast<char>(c | 0x20);
  if (small >= 'a' && small <= 'f') return static_cast<std::uint8_t>(small - 'a' + 10);
  return std::nullopt;
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// Of a query's value, where '+' is a space; nothing when an escape is broken.
std::optional<std::string> decode(std::string_view raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      text += raw[i] == '+' ? ' ' : raw[i];
      continue;
    }
    if (raw.size() - i < 3) return std::nullopt;
    const auto high = hex_digit(raw[i + 1]);
    const auto low = hex_digit(raw[i + 2]);
    if (!high || !low) return std::nullopt;
    text += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return text;
}

Refusal read_flag(std::string_view name, std::string_view value, bool& out) {
  out = value == "true";
  if (out || value == "false") return std::nullopt;
  return fmt::format("{} must be true or false", name);
}

template <typename Number>
Refusal read_number(std::string_view name, std::string_view value, Number most, Number& out) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error == std::errc() && end == value.data() + value.size() && out <= most) {
    return std::nullopt;
  }
  return fmt::format("{} must be a whole number of at most {}", name, most);
}

Refusal read_sort(std::string_view value, ExplainQuery& query) {
  query.sort = llm::parse_route_sort(value);
  if (query.sort) return std::nullopt;
  return "sort must be order, weighted, score, price, latency or throughput";
}

Refusal read_operation(std::string_view value, ExplainQuery& query) {
  const auto named = std::ranges::find_if(
      explained, [&](const Explained& each) { return llm::to_string(each.operation) == value; });
  if (named == explained.end()) {
    return "endpoint must be one of " + names_of(explained, [](const Explained& each) {
             return llm::to_string(each.operation);
           });
  }
  query.operation = named->operation;
  return std::nullopt;
}

llm::RequestNeeds& needs_of(ExplainQuery& query) {
  if (!query.needs) query.needs.emplace();
  return *query.needs;
}

Refusal read_needs(std::string_view value, ExplainQuery& query) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find(','), value.size());
    const auto named = std::ranges::find(need_names, value.substr(0, end), &Need::name);
    if (named == need_names.end()) {
      return "needs must be some of " +
             names_of(need_names, [](const Need& need) { return need.name; }) +
             ", with commas between";
    }
    needs_of(query).*named->flag = true;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return std::nullopt;
}

Refusal read_prompt(std::string_view value, ExplainQuery& query) {
  std::uint64_t tokens = 0;
  if (auto refused = read_number<std::uint64_t>("prompt_tokens", value, 1'000'000'000, tokens)) {
    return refused;
  }
  llm::RequestNeeds& needs = needs_of(query);
  needs.input_tokens_min = needs.input_tokens_likely = needs.input_tokens_max = tokens;
  return std::nullopt;
}

Refusal read_output(std::string_view value, ExplainQuery& query) {
  std::uint64_t tokens = 0;
  auto refused = read_number<std::uint64_t>("output_tokens", value, 1'000'000'000, tokens);
  if (!refused) needs_of(query).output_tokens = tokens;
  return refused;
}

Refusal read_format(std::string_view value, ExplainQuery& query) {
  query.format = value == "text" ? ExplainFormat::text : ExplainFormat::json;
  if (value == "text" || value == "json") return std::nullopt;
  return "format must be json or text";
}

constexpr std::array parameters = {
    std::string_view("model"),         std::string_view("stream"),
    std::string_view("region"),        std::string_view("sort"),
    std::string_view("provider"),      std::string_view("key"),
    std::string_view("prompt_tokens"), std::string_view("output_tokens"),
    std::string_view("needs"),         std::string_view("require_parameters"),
    std::string_view("endpoint"),      std::string_view("worker"),
    std::string_view("format")};

std::string* text_of(std::string_view name, ExplainQuery& query) noexcept {
  if (name == "model") return &query.model;
  if (name == "provider") return &query.provider;
  if (name == "key") return &query.key;
  return nullptr;
}

Refusal take(std::string_view name, std::string value, ExplainQuery& query) {
  if (value.empty()) return fmt::format("{} is empty: give it a value, or leave it out", name);
  if (std::string* const text = text_of(name, query)) {
    *text = std::move(value);
    return std::nullopt;
  }
  if (name == "region") {
    std::ranges::transform(value, value.begin(), lower);
    query.region = std::move(value);
    return std::nullopt;
  }
  if (name == "stream") return read_flag(name, value, query.stream);
  if (name == "require_parameters") return read_flag(name, value, query.require_parameters);
  if (name == "sort") return read_sort(value, query);
  if (name == "prompt_tokens") return read_prompt(value, query);
  if (name == "output_tokens") return read_output(value, query);
  if (name == "needs") return read_needs(value, query);
  if (name == "endpoint") return read_operation(value, query);
  if (name == "worker") return read_number<std::uint32_t>(name, value, 1'023, query.worker);
  return read_format(value, query);
}

}  // namespace

std::string_view explained_path(llm::Operation operation) noexcept {
  const auto found = std::ranges::find(explained, operation, &Explained::operation);
  return found == explained.end() ? std::string_view{} : found->path;
}

std::expected<ExplainQuery, std::string> parse_explain_query(std::string_view query) {
  if (query.size() > explain_query_bytes_max) {
    return std::unexpected(
        fmt::format("the query is longer than {} bytes", explain_query_bytes_max));
  }
  ExplainQuery read;
  std::vector<std::string_view> seen;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto known = std::ranges::find(parameters, pair.substr(0, equals));
    if (known == parameters.end()) {
      return std::unexpected("a parameter is none of " +
                             names_of(parameters, [](std::string_view name) { return name; }));
    }
    if (std::ranges::find(seen, *known) != seen.end()) {
      return std::unexpected(fmt::format("{} is given twice", *known));
    }
    seen.push_back(*known);
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!value) {
      return std::unexpected(
          fmt::format("a % in {} is not followed by two hexadecimal digits", *known));
    }
    if (auto refused = take(*known, std::move(*value), read)) {
      return std::unexpected(std::move(*refused));
    }
  }
  if (read.model.empty()) return std::unexpected("say which: model=NAME");
  return read;
}

void add_explain_parameter(std::string& query, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!query.empty()) query += '&';
  query += name;
  query += '=';
  append_percent_encoded(query, value);
}

}  // namespace sluice::gateway
