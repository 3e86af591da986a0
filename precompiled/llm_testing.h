// As testing.h, for the dialects' tests.
#include <fmt/format.h>

#include "sluice/json/value.h"
#include "sluice/llm/chat_event.h"
#include "sluice/llm/chat_request.h"
#include "testing.h"
