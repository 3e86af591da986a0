// What a tool does with its process: its core, its descriptors.
#pragma once
#include <optional>
#include <string>

namespace sluice::tools {

/// The calling thread runs on `cpu` alone from now on. On failure: a sentence.
[[nodiscard]] std::optional<std::string> pin_to_cpu(unsigned cpu);

/// As many descriptors as this process may have without asking anybody. How many that is.
std::size_t raise_descriptor_limit();

}  // namespace sluice::tools
