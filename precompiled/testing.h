// What every test includes, parsed once per program. Without a guard, for it is compiled by itself.
#include <gtest/gtest.h>

#include "standard.h"
