#include "event_source.h"

#include "sluice/base/assert.h"

namespace sluice::gateway {

llm::ApiError error_of_read(std::string_view provider, const Error& error) {
  SLUICE_ASSERT(error.kind != ErrorKind::cancelled);
  return error.kind == ErrorKind::malformed ? llm::errors::upstream_malformed(provider, error.what)
                                            : llm::errors::upstream_truncated(provider, error.kind);
}

}  // namespace sluice::gateway
