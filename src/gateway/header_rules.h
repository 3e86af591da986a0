// Which header fields cross the gateway, in each direction.
//
// Requests: a list of what may go on; anything else stays here, for a header of the caller's own
// network (a cookie, an internal token) is none of a provider's business. Credentials never cross.
// Responses: everything end-to-end comes back, except what speaks of the gateway's own account or
// would make the client talk to the provider behind the gateway's back.
#pragma once
#include <string_view>
#include <vector>

#include "sluice/catalog/deployment.h"
#include "sluice/http/head.h"
#include "sluice/policy/own_key.h"

namespace sluice::gateway {

/// The field that carries the credential, empty where none does. Its value is for the wire only.
struct AuthField {
  std::string_view name = {};
  std::string_view value = {};
};

/// What an upstream request carries.
struct UpstreamRequestFields {
  const http::HeaderList& received;
  const catalog::Provider& provider;
  AuthField auth;
  bool is_callers_account;  // the caller's own key is sent: its organisation headers go along
  bool is_stream;
  bool is_translated = false;  // what speaks of the body or of the caller's dialect stays here
  bool takes_betas = false;    // Anthropic's features are switched on by names in a field
};

/// Fills `out` with the fields of the upstream request, Host and framing excepted.
void upstream_request_fields(const UpstreamRequestFields& from, std::vector<http::Header>& out);

/// Whether these request fields allow an answer in all of `content_encoding`'s codings by name (RFC
/// 9110 12.5.3; a request that says nothing would allow any, but then nobody can read it).
[[nodiscard]] bool accepts_encoding(const std::vector<http::Header>& fields,
                                    std::string_view content_encoding) noexcept;

/// Names of upstream response fields that do not come back to the client; of an answer that is
/// written anew, those that speak of its body too.
[[nodiscard]] http::FieldNames dropped_response_fields(bool is_translated) noexcept;

/// The provider's own id of the request, under whichever name it gives it; may be empty.
[[nodiscard]] std::string_view upstream_request_id(const http::HeaderList& headers) noexcept;

}  // namespace sluice::gateway
