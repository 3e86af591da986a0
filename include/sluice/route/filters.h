// The filters: what keeps a deployment from serving a request, whatever its rank.
//
//   what the request demands       providers, price, data policy, quantization
//   what the model can             tools, images, audio, schemas, length of the prompt
//   how the deployment stands      resting, cooling down, ejected
//
// A caller's wish is taken at its word: what is not known to fulfil it does not. What the catalogue
// says a model cannot is no more than a doubt: while another one is known to be able, the doubtful
// one is left out; when all are doubtful the provider is asked, who knows best.
#pragma once
#include "sluice/catalog/deployment.h"
#include "sluice/catalog/model_table.h"
#include "sluice/llm/request_needs.h"
#include "sluice/llm/route_wishes.h"
#include "sluice/route/candidate.h"

namespace sluice::route {

/// Against what the caller demands. `none`: nothing.
[[nodiscard]] Obstacle against_wishes(const catalog::Deployment& deployment,
                                      const llm::ProviderWishes& wishes) noexcept;

/// Against what the request needs, as far as the catalogue tells.
[[nodiscard]] Obstacle against_needs(const catalog::Model& model,
                                     const llm::RequestNeeds& needs) noexcept;

/// Whether it is as fast as the caller would have it; who has no numbers is.
[[nodiscard]] bool is_preferred(const upstream::Standing& standing,
                                const llm::ProviderWishes& wishes) noexcept;

/// Whether a caller's word for a provider means this one: its name, or its name and region
/// ("vertex/eu"); in any letter case.
[[nodiscard]] bool names_provider(std::string_view word,
                                  const catalog::Deployment& deployment) noexcept;

}  // namespace sluice::route
