// What every test includes, parsed once per program in sanitized builds. No file may rely on it:
// the release build does without.
#pragma once
#include <gtest/gtest.h>

#include "standard.h"
