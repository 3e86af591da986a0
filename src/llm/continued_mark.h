// The mark in a stream that another provider goes on with it: what all dialects say of it alike.
#pragma once
#include <string>

#include "sluice/json/writer.h"
#include "sluice/llm/chat_writer.h"

namespace sluice::llm {

/// Appends {"provider":"..","region":"..","after":".."}, the region where it is known.
inline void append_continued(std::string& out, const Continued& mark) {
  json::Writer writer(out);
  writer.begin_object().key("provider").string(mark.provider);
  if (!mark.region.empty()) writer.key("region").string(mark.region);
  writer.key("after").string(mark.after).end_object();
}

}  // namespace sluice::llm
