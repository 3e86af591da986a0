// As standard.h, for the dialects: what most of them read and write.
#pragma once
#include <fmt/format.h>

#include "sluice/json/value.h"
#include "sluice/json/writer.h"
#include "sluice/llm/api_error.h"
#include "sluice/llm/chat_event.h"
#include "sluice/llm/chat_request.h"
#include "standard.h"
