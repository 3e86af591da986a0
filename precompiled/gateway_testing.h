// As testing.h, for the gateway's tests: a whole gateway in a simulated world.
#include "gateway_world.h"
#include "sluice/gateway/snapshot.h"
#include "testing.h"
