// Who is calling, and what they may use. Callers live in a KeyRing, which lives in the snapshot:
// a `const Caller*` is good for as long as the exchange holds its snapshot.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/attributes.h"

namespace sluice::policy {

class Caller {
 public:
  /// `models`: patterns, see model_pattern.h; none matches nothing. `regions`: none pins nothing.
  Caller(std::string name, std::vector<std::string> models, std::vector<std::string> regions);
  /// Nobody in particular, who may use every model in every region.
  [[nodiscard]] static Caller anonymous();

  /// The key's name, for the access log; "anonymous" for nobody.
  [[nodiscard]] std::string_view name() const noexcept SLUICE_LIFETIMEBOUND { return name_; }
  [[nodiscard]] bool is_anonymous() const noexcept { return is_anonymous_; }

  /// Whether the caller may ask for this model, by the name clients use.
  [[nodiscard]] bool may_use(std::string_view model) const noexcept;

  /// The regions the caller's data may go to; none: everywhere.
  [[nodiscard]] std::span<const std::string> regions() const noexcept SLUICE_LIFETIMEBOUND {
    return regions_;
  }
  /// Whether data may go to this region. A place without a known region ("") is outside every pin.
  [[nodiscard]] bool may_reach(std::string_view region) const noexcept;

 private:
  std::string name_;
  std::vector<std::string> models_;
  std::vector<std::string> regions_;
  bool may_use_all_ = false;
  bool is_anonymous_ = false;
};

}  // namespace sluice::policy
