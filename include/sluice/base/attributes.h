// Compiler attributes that only one of our compilers knows.
#pragma once

// On a method that returns a view: the view lives no longer than the object it was called on.
#if defined(__clang__)
#define SLUICE_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define SLUICE_LIFETIMEBOUND
#endif
