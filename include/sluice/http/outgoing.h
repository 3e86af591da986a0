// Heads on their way out: what to send, whatever the version of HTTP.
//
// Views are read during the call they are given to and not kept.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sluice/http/head.h"
#include "sluice/http/status.h"

namespace sluice::http {

/// Header fields of an outgoing message: those of a received one that go on, and our own. Framing
/// and hop-by-hop fields are the codec's business: it drops received ones and writes its own.
struct OutgoingFields {
  const HeaderList* forwarded = nullptr;  // null: none
  FieldNames dropped{};                   // names of `forwarded` that do not go on
  std::span<const Header> own{};
};

struct OutgoingResponse {
  StatusCode status = status::ok;  // 200 to 999
  std::string_view reason{};       // empty: the standard phrase
  OutgoingFields fields{};
};

struct OutgoingRequest {
  std::string_view method = "POST";
  std::string_view target = "/";  // origin-form
  std::string_view authority{};   // the Host field
  OutgoingFields fields{};
};

}  // namespace sluice::http
