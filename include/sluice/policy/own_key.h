// Bring your own key: a caller's key for a provider, used in place of the gateway's own.
//
// Who is calling and whose account pays are two questions:
//
//   presented               anonymous allowed?    caller       a key of the caller's own
//   nothing                 yes / no              anonymous / refused
//   a gateway key, right    -                     that caller
//   a gateway key, wrong    -                     refused: never forwarded, never "anonymous"
//   anything else           yes                   anonymous    what was presented
//   anything else           no                    refused: a provider's key proves nobody to us
//
// and, for any caller, `x-sluice-provider-key: <provider>=<key>`, once per provider. A named key
// goes to the provider it names, and to no other. A presented one names none, so it is used only
// where there is no doubt: when exactly one provider of the snapshot takes callers' keys. Where
// some do, and none gets it, the request is refused: who brought a key does not expect that the
// gateway's account pays. Where none does, a presented text is what clients send that must send
// something.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/base/cached_object.h"
#include "sluice/base/result.h"
#include "sluice/policy/key_ring.h"

namespace sluice::policy {

enum class Refusal : std::uint8_t {
  none,
  missing_key,  // nothing was presented, and a key is needed
  invalid_key,  // what was presented is no key of ours
};
inline constexpr std::size_t refusal_count = 3;
[[nodiscard]] std::string_view to_string(Refusal refusal) noexcept;

/// Who is calling. Exactly one of `caller` and `refusal` is set.
struct Admission {
  const Caller* caller = nullptr;
  Refusal refusal = Refusal::none;
  std::string_view own_key;  // presented, not ours: for the one provider that takes such keys
};

/// Decides who is calling, by the table above. `presented` is what PresentedKey found. A listener
/// that allows nobody in particular (loopback, or said so) passes anonymous_allowed.
[[nodiscard]] Admission admit(const KeyRing& ring, std::string_view presented,
                              bool anonymous_allowed) noexcept;

/// What own keys need to know of one provider.
struct OwnKeyProvider {
  std::string_view name;
  bool takes_own_keys = false;  // the provider's `byok` in the configuration
};

/// Whose credential an attempt carries.
struct ProviderCredential {
  bool is_callers = false;  // false: the gateway's own
  std::string_view key;     // the caller's; empty when it is the gateway's own
};

/// The keys of its own that one request brought. Views into the request.
class OwnKeys {
 public:
  static constexpr std::size_t named_max = 8;

  /// Takes the value of one x-sluice-provider-key header. Errors, the client's: malformed (not
  /// <provider>=<key>, or a second key for the same provider), too_large (a key too long, or more
  /// than named_max of them).
  [[nodiscard]] Result<void> add_named(std::string_view header_value) noexcept;
  /// Takes what admit() left over.
  void set_presented(std::string_view key) noexcept { presented_ = key; }

  /// To be asked once per request, with all of the snapshot's providers: whether each named key
  /// has a provider that takes it. Errors, the client's: not_found (no such provider), invalid
  /// (it does not take callers' keys). Without this check a caller would believe to pay itself
  /// what the gateway's account pays.
  [[nodiscard]] Result<void> check(std::span<const OwnKeyProvider> providers) const noexcept;

  /// The credential for one attempt. `only_taker`: no other provider of the snapshot takes own
  /// keys. A provider that takes none gets the gateway's own, whatever was brought.
  [[nodiscard]] ProviderCredential credential_for(const OwnKeyProvider& provider,
                                                  bool only_taker) const noexcept;

  [[nodiscard]] bool has_presented() const noexcept { return !presented_.empty(); }
  [[nodiscard]] bool empty() const noexcept { return named_.empty() && presented_.empty(); }

 private:
  struct Named {
    std::string_view provider, key;
  };
  CachedVector<Named> named_;  // up to named_max; hardly a request brings one
  std::string_view presented_;
};

}  // namespace sluice::policy
