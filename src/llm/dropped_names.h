// The parameters of a request that a provider does not get, as its caller is told them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::llm {

inline constexpr std::size_t dropped_names_max = 64;  // who sends more is no honest client

/// Adds a name once. Of what a caller wrote it is made fit for a header: short, without control
/// characters. Beyond dropped_names_max none is added.
void add_dropped(std::vector<std::string>& dropped, std::string_view name);

}  // namespace sluice::llm
