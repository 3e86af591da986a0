// What a provider answered in place of a success: what provider_error.h reads.
#pragma once
#include <string_view>

#include "sluice/base/clock.h"

namespace sluice::llm {

/// A provider's answer whose status is not 2xx. Views are read during the call only.
struct ProviderAnswer {
  std::string_view provider = {};  // configured name
  int status = 500;
  std::string_view body = {};         // JSON, HTML, text or nothing; may be cut
  std::string_view retry_after = {};  // field values, empty when absent
  std::string_view retry_after_ms = {};
  std::string_view should_retry = {};    // x-should-retry
  std::string_view aws_error_type = {};  // x-amzn-errortype
  WallTime received_at{};                // to read a Retry-After that is a date
  bool key_is_callers = false;           // the caller's own provider key was sent
};

}  // namespace sluice::llm
