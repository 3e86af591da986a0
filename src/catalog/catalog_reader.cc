// Reads the catalogue's JSON. Faults are sticky: the first one is kept with the name of its entry,
// and reading goes on harmlessly until somebody looks. That keeps the reading free of branches.
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/catalog/catalog.h"
#include "trait_reader.h"

namespace sluice::catalog {
namespace dom = simdjson::dom;

class CatalogReader {
 public:
  std::expected<Catalog, std::string> read(std::string_view json);

 private:
  void wrong(std::string_view what) {
    if (fault_.empty()) fault_ = "the catalogue's " + entry_ + ": " + std::string(what);
  }

  // Members. A member that is absent or null gives an empty value; one of another type is a fault.
  bool present(dom::element object, const char* key, dom::element& value) {
    return object.at_key(key).get(value) == simdjson::SUCCESS && !value.is_null();
  }
  std::string text(dom::element object, const char* key);
  std::string required_text(dom::element object, const char* key);
  std::vector<std::string> texts(dom::element object, const char* key);
  std::optional<double> price_of(dom::element object, const char* key);
  std::optional<std::uint64_t> count(dom::element object, const char* key);
  std::optional<bool> flag(dom::element object, const char* key);
  DataPolicy data_policy(dom::element provider);
  template <typename Visit>
  void each(dom::element object, const char* key, Visit visit);  // visit(element)
  template <typename Visit>
  void each_member(dom::element object, const char* key, Visit visit);  // visit(name, element)

  void provider(dom::element entry);
  void provider_auth(dom::element entry, Auth& auth);
  void model(dom::element entry);
  CatalogDeployment deployment(dom::element entry);
  TokenPrice token_price(dom::element entry);
  Price price(dom::element entry);
  void trait_rules(dom::element root);
  void compatible_ids(dom::element root);
  void compatible_ids_of(std::uint32_t provider, dom::element entry);

  Catalog catalog_;
  std::string entry_ = "document";
  std::string fault_;
};

namespace {

Mode parse_mode(std::string_view name, bool& known) {
  constexpr Mode all[] = {Mode::chat,   Mode::embedding,     Mode::image,  Mode::video,
                          Mode::rerank, Mode::transcription, Mode::speech, Mode::moderation};
  for (const Mode mode : all) {
    if (to_string(mode) == name) return mode;
  }
  known = false;
  return Mode::chat;
}

ProviderKind parse_kind(std::string_view name, bool& known) {
  if (name == "cloud") return ProviderKind::cloud;
  if (name == "gateway") return ProviderKind::gateway;
  if (name == "local") return ProviderKind::local;
  if (name == "custom") return ProviderKind::custom;
  known = false;
  return ProviderKind::custom;
}

// "2026-09-29" or "2026-09"; 0 for anything else.
std::int64_t parse_date(std::string_view text) noexcept {
  if (text.size() != 10 && text.size() != 7) return 0;
  int year = 0;
  unsigned month = 0;
  unsigned day = 1;
  std::from_chars(text.data(), text.data() + 4, year);
  std::from_chars(text.data() + 5, text.data() + 7, month);
  if (text.size() == 10) std::from_chars(text.data() + 8, text.data() + 10, day);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month},
                                         std::chrono::day{day}};
  if (!date.ok()) return 0;
  return std::chrono::sys_seconds{std::chrono::sys_days{date}}.time_since_epoch().count();
}

}  // namespace

std::string CatalogReader::text(dom::element object, const char* key) {
  dom::element value;
  if (!present(object, key, value)) return {};
  std::string_view result;
  if (value.get(result) != simdjson::SUCCESS) wrong(std::string(key) + " must be a text");
  return std::string(result);
}

std::string CatalogReader::required_text(dom::element object, const char* key) {
  std::string result = text(object, key);
  if (result.empty()) wrong(std::string(key) + " is missing");
  return result;
}

template <typename Visit>
void CatalogReader::each(dom::element object, const char* key, Visit visit) {
  dom::element value;
  if (!present(object, key, value)) return;
  dom::array list;
  if (value.get(list) != simdjson::SUCCESS) return wrong(std::string(key) + " must be a list");
  for (const dom::element item : list) visit(item);
}

template <typename Visit>
void CatalogReader::each_member(dom::element object, const char* key, Visit visit) {
  dom::element value;
  if (!present(object, key, value)) return;
  dom::object members;
  if (value.get(members) != simdjson::SUCCESS) {
    return wrong(std::string(key) + " must be an object");
  }
  for (const dom::key_value_pair member : members) visit(member.key, member.value);
}

std::vector<std::string> CatalogReader::texts(dom::element object, const char* key) {
  std::vector<std::string> result;
  each(object, key, [&](dom::element item) {
    std::string_view value;
    if (item.get(value) != simdjson::SUCCESS) wrong(std::string(key) + " must hold texts");
    result.emplace_back(value);
  });
  return result;
}

std::optional<double> CatalogReader::price_of(dom::element object, const char* key) {
  dom::element value;
  if (!present(object, key, value)) return std::nullopt;
  double result = 0;
  if (value.get(result) != simdjson::SUCCESS || !(result >= 0)) {
    wrong(std::string(key) + " must be a number, 0 or more");
    return std::nullopt;
  }
  return result;
}

std::optional<std::uint64_t> CatalogReader::count(dom::element object, const char* key) {
  dom::element value;
  if (!present(object, key, value)) return std::nullopt;
  std::uint64_t result = 0;
  if (value.get(result) != simdjson::SUCCESS || result == 0) {
    wrong(std::string(key) + " must be a whole number above 0");
    return std::nullopt;
  }
  return result;
}

// What is kept for a day, or for an abuse log, is kept.
DataPolicy CatalogReader::data_policy(dom::element provider) {
  dom::element entry;
  if (!present(provider, "data_policy", entry)) return {};
  DataPolicy policy{.trains = flag(entry, "trains_on_data"),
                    .retains = flag(entry, "logs_prompts")};
  dom::element value;
  if (!present(entry, "retention_days", value)) return policy;
  std::uint64_t days = 0;
  if (value.get(days) != simdjson::SUCCESS) wrong("retention_days must be a whole number");
  policy.retains = days > 0 || policy.retains.value_or(false);
  return policy;
}

std::optional<bool> CatalogReader::flag(dom::element object, const char* key) {
  dom::element value;
  if (!present(object, key, value)) return std::nullopt;
  bool result = false;
  if (value.get(result) != simdjson::SUCCESS) {
    wrong(std::string(key) + " must be true, false or null");
    return std::nullopt;
  }
  return result;
}

void CatalogReader::provider_auth(dom::element entry, Auth& auth) {
  dom::element value;
  if (!present(entry, "auth", value)) return wrong("auth is missing");
  auth.header = required_text(value, "header");
  auth.format = required_text(value, "format");
  auth.optional = flag(value, "optional").value_or(false);
  each_member(value, "extra_headers", [&](std::string_view name, dom::element header) {
    std::string_view content;
    if (header.get(content) != simdjson::SUCCESS) wrong("extra_headers must hold texts");
    auth.extra_headers.emplace_back(name, content);
  });
}

void CatalogReader::provider(dom::element entry) {
  CatalogProvider provider;
  provider.id = required_text(entry, "id");
  entry_ = "provider \"" + provider.id + "\"";
  provider.name = text(entry, "name");
  bool known = true;
  provider.kind = parse_kind(text(entry, "kind"), known);
  if (!known) wrong("kind is none of cloud, gateway, local, custom");
  const auto dialect = parse_dialect(text(entry, "dialect"));
  if (!dialect) wrong("dialect is not one of ours");
  provider.dialect = dialect.value_or(Dialect::openai);
  provider.base_url = text(entry, "base_url");
  each_member(entry, "other_dialects", [&](std::string_view name, dom::element url) {
    std::string_view base;
    const auto other = parse_dialect(name);
    if (other && url.get(base) == simdjson::SUCCESS) {
      provider.other_dialects.emplace_back(*other, base);
    }
  });
  provider_auth(entry, provider.auth);
  provider.key_env = texts(entry, "key_env");
  provider.extra_env = texts(entry, "extra_env");
  each(entry, "regions", [&](dom::element region) {
    provider.regions.push_back({required_text(region, "id"), text(region, "base_url")});
  });
  provider.default_region = text(entry, "default_region");
  dom::element quirks;
  if (present(entry, "quirks", quirks)) {
    std::string fault;
    provider.quirks = read_quirks(quirks, fault);
    if (!fault.empty()) wrong(fault);
  }
  provider.data_policy = data_policy(entry);
  const auto position = static_cast<std::uint32_t>(catalog_.providers_.size());
  if (!catalog_.provider_index_.insert(provider.id, position)) wrong("the id is there twice");
  catalog_.providers_.push_back(std::move(provider));
}

TokenPrice CatalogReader::token_price(dom::element entry) {
  return {
      .input = price_of(entry, "input"),
      .cached_input = price_of(entry, "cache_read"),
      .output = price_of(entry, "output"),
      .cache_write = price_of(entry, "cache_write"),
      .cache_write_5m = price_of(entry, "cache_write_5m"),
      .cache_write_1h = price_of(entry, "cache_write_1h"),
      .reasoning = price_of(entry, "reasoning"),
      .audio_input = price_of(entry, "audio_input"),
      .audio_output = price_of(entry, "audio_output"),
      .image_input = price_of(entry, "image_input"),
      .image_output = price_of(entry, "image_output"),
  };
}

Price CatalogReader::price(dom::element entry) {
  Price price;
  dom::element value;
  if (present(entry, "price", value)) price.tokens = token_price(value);
  each(entry, "tiers", [&](dom::element tier) {
    price.tiers.push_back({count(tier, "above_input_tokens").value_or(0), token_price(tier)});
  });
  std::sort(price.tiers.begin(), price.tiers.end(), [](const PriceTier& a, const PriceTier& b) {
    return a.above_input_tokens < b.above_input_tokens;
  });
  each_member(entry, "service_tiers", [&](std::string_view name, dom::element tier) {
    price.service_tiers.push_back(
        {std::string(name), price_of(tier, "multiplier"), token_price(tier)});
  });
  if (present(entry, "unit_prices", value)) {
    price.units = {
        .per_image = price_of(value, "per_image"),
        .per_video_second = price_of(value, "per_video_second"),
        .per_audio_input_second = price_of(value, "per_audio_input_second"),
        .per_character = price_of(value, "per_character"),
        .per_query = price_of(value, "per_query"),
        .per_page = price_of(value, "per_page"),
        .per_request = price_of(value, "per_request"),
        .per_second = price_of(value, "per_second"),
    };
  }
  return price;
}

CatalogDeployment CatalogReader::deployment(dom::element entry) {
  CatalogDeployment deployment;
  const std::string provider = required_text(entry, "provider");
  const auto position = catalog_.provider_index_.find(provider);
  if (!position) wrong("a deployment names a provider that is not there: " + provider);
  deployment.provider = position.value_or(0);
  deployment.upstream_model = required_text(entry, "upstream_model");
  deployment.regions = texts(entry, "regions");
  if (deployment.regions.empty()) wrong("a deployment has no regions");
  deployment.publisher = text(entry, "publisher");
  deployment.price = price(entry);
  each_member(entry, "region_multiplier", [&](std::string_view region, dom::element value) {
    double factor = 0;
    if (value.get(factor) != simdjson::SUCCESS || !(factor > 0)) {
      wrong("region_multiplier must hold numbers above 0");
    }
    deployment.region_multipliers.emplace_back(region, factor);
  });
  deployment.context_tokens = count(entry, "context_tokens");
  deployment.output_tokens_max = count(entry, "max_output_tokens");
  deployment.maybe_retired = flag(entry, "maybe_retired").value_or(false);
  return deployment;
}

void CatalogReader::model(dom::element entry) {
  CatalogModel model;
  model.id = required_text(entry, "id");
  entry_ = "model \"" + model.id + "\"";
  model.name = text(entry, "name");
  model.creator = text(entry, "creator");
  model.aliases = texts(entry, "aliases");
  bool known = true;
  model.mode = parse_mode(text(entry, "mode"), known);
  if (!known) wrong("mode is not one of ours");
  model.retired = text(entry, "status") == "retired";
  model.released = parse_date(text(entry, "released"));
  dom::element can;
  if (present(entry, "capabilities", can)) {
    model.capabilities = {
        .streaming = flag(can, "streaming"),
        .tools = flag(can, "tools"),
        .parallel_tools = flag(can, "parallel_tools"),
        .structured_output = flag(can, "structured_output"),
        .json_mode = flag(can, "json_mode"),
        .vision = flag(can, "vision"),
        .reasoning = flag(can, "reasoning"),
    };
  }
  model.context_tokens = count(entry, "context_tokens");
  model.input_tokens_max = count(entry, "max_input_tokens");
  model.output_tokens_max = count(entry, "max_output_tokens");
  model.input_modalities = texts(entry, "input_modalities");
  model.output_modalities = texts(entry, "output_modalities");
  model.reasoning_efforts = texts(entry, "reasoning_efforts");
  each(entry, "deployments",
       [&](dom::element item) { model.deployments.push_back(deployment(item)); });
  const auto position = static_cast<std::uint32_t>(catalog_.models_.size());
  if (!catalog_.model_index_.insert(model.id, position)) wrong("the id is there twice");
  for (const std::string& alias : model.aliases) {
    if (!catalog_.model_index_.insert(alias, position)) {
      wrong("the alias is there twice: " + alias);
    }
  }
  catalog_.models_.push_back(std::move(model));
}

void CatalogReader::trait_rules(dom::element root) {
  each(root, "trait_rules", [&](dom::element entry) {
    entry_ = "trait_rules[" + std::to_string(catalog_.trait_rules_.size()) + "]";
    std::string fault;
    catalog_.trait_rules_.push_back(read_trait_rule(entry, fault));
    if (!fault.empty()) wrong(fault);
  });
}

// A gateway that spells models its own way: each spelling is one more deployment of the model it
// maps to, of unknown price.
void CatalogReader::compatible_ids_of(std::uint32_t provider, dom::element entry) {
  each(entry, "models", [&](dom::element item) {
    const auto position = catalog_.model_index_.find(required_text(item, "model"));
    if (!position) return wrong("an entry names a model that is not there");
    CatalogDeployment deployment;
    deployment.provider = provider;
    deployment.upstream_model = required_text(item, "id");
    deployment.regions = texts(item, "regions");
    if (deployment.regions.empty()) wrong("an entry has no regions");
    catalog_.models_[*position].deployments.push_back(std::move(deployment));
  });
}

void CatalogReader::compatible_ids(dom::element root) {
  each_member(root, "compat_ids", [&](std::string_view name, dom::element entry) {
    entry_ = "compat_ids \"" + std::string(name) + "\"";
    const auto provider = catalog_.provider_index_.find(name);
    if (!provider) return wrong("there is no provider of that name");
    compatible_ids_of(*provider, entry);
  });
}

std::expected<Catalog, std::string> CatalogReader::read(std::string_view json) {
  dom::parser parser;
  dom::element root;
  // Lifetime: simdjson wants room after the text, hence the copy.
  const simdjson::padded_string padded(json);
  if (const auto error = parser.parse(padded).get(root); error != simdjson::SUCCESS) {
    return std::unexpected(std::string("the catalogue is not valid JSON: ") +
                           simdjson::error_message(error));
  }
  std::uint64_t version = 0;
  if (root.at_key("schema_version").get(version) != simdjson::SUCCESS || version != 1) {
    return std::unexpected(std::string("the catalogue is not of schema_version 1"));
  }
  each(root, "providers", [&](dom::element entry) { provider(entry); });
  trait_rules(root);
  each(root, "models", [&](dom::element entry) { model(entry); });
  compatible_ids(root);
  if (!fault_.empty()) return std::unexpected(fault_);
  return std::move(catalog_);
}

std::expected<Catalog, std::string> Catalog::parse(std::string_view json) {
  return CatalogReader().read(json);
}

}  // namespace sluice::catalog
