// The families of the exposition that tell of routing: what was chosen and left out, and how each
// deployment stands.
#pragma once
#include "exposition_writer.h"

namespace sluice::telemetry {

void render_routing(Cores cores, Exposition& to);
/// Of deployments that something has happened to.
void render_deployments(Cores cores, const LabelTable& names, Exposition& to);

}  // namespace sluice::telemetry
