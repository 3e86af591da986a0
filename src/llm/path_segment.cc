#include "path_segment.h"

#include "sluice/base/percent.h"

namespace sluice::llm {

void append_path_segment(std::string& out, std::string_view text) {
  append_percent_encoded(out, text, "-._~@");
}

}  // namespace sluice::llm
