// Where the data of one request may go: every region list that binds it, and the only way to a
// deployment.
//
//   key --------.
//   listener ---+--> RegionPin --passage(deployment)--> Passage --> connection pool
//   host name --+                                  `--> nothing: outside
//   request ----'
//
// That pinned data never leaves its regions does not depend on a filter that somebody remembers:
// connections are taken for a Passage, and a RegionPin alone makes one. Retries, hedges and
// fallbacks pass the same gate, whatever planned them.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/attributes.h"
#include "sluice/base/cached_object.h"
#include "sluice/catalog/deployment.h"

namespace sluice::route {

/// The right to send one request's data to one deployment. Lifetime: the deployment's snapshot.
class Passage {
 public:
  [[nodiscard]] const catalog::Deployment& deployment() const noexcept { return *deployment_; }

 private:
  friend class RegionPin;
  explicit Passage(const catalog::Deployment& deployment) noexcept : deployment_(&deployment) {}
  const catalog::Deployment* deployment_;
};

/// Lifetime: the lists and texts given to narrow() outlive the pin.
class RegionPin {
 public:
  /// Who may bind a request, each once.
  static constexpr std::size_t constraints_max = 6;

  /// Nothing is pinned: data may go anywhere.
  RegionPin() noexcept = default;

  /// From now on one of these regions alone; an empty list binds to nothing. What was said before
  /// holds as well.
  void narrow(std::span<const std::string> regions) noexcept;
  /// The same with one region; an empty name binds to nothing.
  void narrow(std::string_view region) noexcept;

  [[nodiscard]] bool is_pinned() const noexcept { return !constraints_.empty(); }
  /// Whether data may go there. "global" is a region as any other: it promises nothing, so that no
  /// pin but one to "global" admits it.
  [[nodiscard]] bool admits(std::string_view region) const noexcept;
  /// The way to a deployment, or nothing when it is outside.
  [[nodiscard]] std::optional<Passage> passage(
      const catalog::Deployment& deployment SLUICE_LIFETIMEBOUND) const noexcept {
    if (is_pinned() && !admits(deployment.region)) return std::nullopt;
    return Passage(deployment);
  }

 private:
  struct Constraint {
    std::span<const std::string> any_of = {};
    std::string_view one = {};  // where there is no list
  };
  void add(Constraint constraint) noexcept;

  CachedVector<Constraint> constraints_;  // up to constraints_max; of most requests none
};

}  // namespace sluice::route
