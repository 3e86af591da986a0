// What is asked of `explain`: a model, and how a request for it would look.
//
//   GET /explain?model=gpt-5&stream=true&region=eu   --parse_explain_query()-->   ExplainQuery
//   sluice explain gpt-5 --stream --region eu        --add_explain_parameter()--> the same query
//
// One parameter per fact, each at most once; what is not understood is refused, and no refusal
// repeats a value: somebody may have pasted a key.
#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/llm/endpoint.h"
#include "sluice/llm/request_needs.h"
#include "sluice/llm/route_wishes.h"

namespace sluice::gateway {

enum class ExplainFormat : std::uint8_t {
  json,
  text,  // a table for people
};

struct ExplainQuery {
  std::string model = {};  // as a client would name it, suffixes included
  bool stream = false;
  std::string region = {};  // a pin; empty: none
  std::optional<llm::RouteSort> sort = {};
  std::string provider = {};  // none but this one; empty: any
  std::string key = {};       // name of a gateway key; empty: nobody in particular
  bool require_parameters = false;
  std::optional<llm::RequestNeeds> needs = {};   // nothing: none were said
  std::optional<llm::Operation> operation = {};  // nothing: what the model is for
  std::uint32_t worker = 0;                      // whose view it is
  ExplainFormat format = ExplainFormat::json;
};

/// Longer ones are refused.
inline constexpr std::size_t explain_query_bytes_max = 4'096;

/// `query`: of the target, without its question mark. The error: a sentence that names the
/// parameter and what would be right.
[[nodiscard]] std::expected<ExplainQuery, std::string> parse_explain_query(std::string_view query);
/// One parameter more; an empty value is left out.
void add_explain_parameter(std::string& query, std::string_view name, std::string_view value);

/// The path by which an operation is asked for; empty: it cannot be explained.
[[nodiscard]] std::string_view explained_path(llm::Operation operation) noexcept;

}  // namespace sluice::gateway
