// Faults that change what an answer says, not how it travels.
#pragma once
#include "simulator/answer.h"
#include "simulator/fault.h"

namespace sluice::simulator {

/// Applies the faults of content and spelling; those of the wire (write_script) pass by.
void misshape(Answer& answer, const Fault& fault);

/// `text` as one gzip member.
[[nodiscard]] std::string gzip_of(std::string_view text);

}  // namespace sluice::simulator
