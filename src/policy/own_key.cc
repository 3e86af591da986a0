#include "sluice/policy/own_key.h"

#include <algorithm>

#include "sluice/http/text.h"
#include "sluice/policy/credential_header.h"
#include "sluice/policy/gateway_key.h"

namespace sluice::policy {
namespace {

Error refused(ErrorKind kind, const char* what) noexcept {
  return {.kind = kind, .fault = Fault::client, .what = what};
}

constexpr const char* must_name_provider =
    "x-sluice-provider-key must be <provider>=<key>, such as openai=sk-...: the name of a "
    "provider, "
    "then your key for it.";

constexpr bool is_visible(char c) noexcept { return c > ' ' && c < '\x7f'; }

}  // namespace

std::string_view to_string(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::none: return "none";
    case Refusal::missing_key: return "missing_key";
    case Refusal::invalid_key: return "invalid_key";
  }
  return "unknown";
}

Admission admit(const KeyRing& ring, std::string_view presented, bool anonymous_allowed) noexcept {
  const Caller* nobody = anonymous_allowed ? &ring.anonymous() : nullptr;
  Admission admission;
  if (presented.empty()) {
    admission.caller = nobody;
    if (!nobody) admission.refusal = Refusal::missing_key;
    return admission;
  }
  admission.caller = ring.authenticate(presented);
  if (admission.caller) return admission;
  // A gateway key with a typing mistake must neither reach a provider nor pass for nobody's: the
  // caller would lose its own limits and pins without a word.
  if (looks_like_gateway_key(presented) || !nobody) {
    admission.refusal = Refusal::invalid_key;
    return admission;
  }
  admission.caller = nobody;
  admission.own_key = presented;
  return admission;
}

Result<void> OwnKeys::add_named(std::string_view header_value) noexcept {
  const std::size_t equals = header_value.find('=');
  if (equals == std::string_view::npos) {
    return fail(refused(ErrorKind::malformed, must_name_provider));
  }
  const std::string_view provider = http::trim_blanks(header_value.substr(0, equals));
  const std::string_view key = http::trim_blanks(header_value.substr(equals + 1));
  if (provider.empty() || key.empty() || !std::ranges::all_of(key, is_visible)) {
    return fail(refused(ErrorKind::malformed, must_name_provider));
  }
  if (key.size() > credential_bytes_max) {
    return fail(
        refused(ErrorKind::too_large,
                "The key in x-sluice-provider-key is longer than 4096 characters. Check it."));
  }
  if (looks_like_gateway_key(key)) {
    return fail(refused(
        ErrorKind::malformed,
        "x-sluice-provider-key holds one of this gateway's keys. Send a provider's there, and the "
        "gateway's as Authorization: Bearer <key>."));
  }
  if (std::ranges::find(named_, provider, &Named::provider) != named_.end()) {
    return fail(refused(ErrorKind::malformed,
                        "x-sluice-provider-key names one provider twice. Send one key for each."));
  }
  if (named_.size() == named_max) {
    return fail(refused(
        ErrorKind::too_large,
        "There are more than 8 x-sluice-provider-key headers. Send those that are needed."));
  }
  named_.push_back({.provider = provider, .key = key});
  return {};
}

Result<void> OwnKeys::check(std::span<const OwnKeyProvider> providers) const noexcept {
  for (const Named& named : named_) {
    const auto provider = std::ranges::find(providers, named.provider, &OwnKeyProvider::name);
    if (provider == providers.end()) {
      return fail(refused(ErrorKind::not_found,
                          "x-sluice-provider-key names a provider that is not configured here. GET "
                          "/v1/models lists "
                          "the providers of each model."));
    }
    if (!provider->takes_own_keys) {
      return fail(refused(ErrorKind::invalid,
                          "The provider that x-sluice-provider-key names takes no keys from "
                          "callers. Leave the header "
                          "out, or ask the operator to set byok = true for it."));
    }
  }
  return {};
}

ProviderCredential OwnKeys::credential_for(const OwnKeyProvider& provider,
                                           bool only_taker) const noexcept {
  if (!provider.takes_own_keys) return {};
  for (const Named& named : named_) {
    if (named.provider == provider.name) return {.is_callers = true, .key = named.key};
  }
  if (only_taker && !presented_.empty()) return {.is_callers = true, .key = presented_};
  return {};
}

}  // namespace sluice::policy
