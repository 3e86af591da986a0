#include "include_usage.h"

namespace sluice::llm {

void add_include_usage(std::optional<json::Value> options, std::optional<json::Value> include_usage,
                       json::ObjectEdit& top, json::Splice& splice) {
  if (!options) {
    top.add_last("\"stream_options\"", "{\"include_usage\":true}");
  } else if (options->is_null()) {
    splice.replace(options->span(), Slice::of_static("{\"include_usage\":true}"));
  } else if (include_usage) {
    splice.replace(include_usage->span(), Slice::of_static("true"));
  } else {
    json::ObjectEdit options_edit(*options);
    options_edit.add_last("\"include_usage\"", "true");
    options_edit.write_to(splice);
  }
}

}  // namespace sluice::llm
