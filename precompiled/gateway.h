// As standard.h, for the gateway: the exchange pulls in most of the program.
#pragma once
#include "exchange.h"
#include "standard.h"
