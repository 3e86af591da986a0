// Faults of content in the dialects that are not OpenAI's.
#pragma once
#include <string_view>

#include "simulator/answer.h"
#include "simulator/fault.h"
#include "simulator/route.h"

namespace sluice::simulator {

/// As misshape(), with this host's errors and this host's framing of events. Of a binary stream no
/// line can be spelled otherwise: faults that would are passed over.
void misshape_for(Host host, Answer& answer, const Fault& fault, std::string_view request_id);

}  // namespace sluice::simulator
