// toml++ the one way this room uses it: headers only, no exceptions, bounded nesting.
#pragma once
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_UNRELEASED_FEATURES 0
#define TOML_MAX_NESTED_VALUES 16  // arrays and inline tables; the deepest of ours is 4
// Before 2026-05 toml++ asserts (or, with NDEBUG, assumes) that a key follows "[[", and only then
// reports that none does: "[*]" in a file would end the process. Without both, the report comes.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
