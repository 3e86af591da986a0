// The fallbacks that a request names: each is a request of its own, written when it is turned to.
#include <memory>
#include <string>
#include <utility>

#include "exchange.h"
#include "sluice/json/writer.h"
#include "sluice/llm/override_members.h"

namespace sluice::gateway {
namespace {

// The body with another model's name in it. `name_at`: where the name stands, or is to be put as
// a member of its own.
std::string with_model(std::string_view body, json::Span name_at, std::string_view name) {
  std::string out(body.substr(0, name_at.offset));
  if (name_at.size_bytes == 0) out += "\"model\":";
  json::append_quoted(out, name);
  if (name_at.size_bytes == 0) out += ',';
  out += body.substr(name_at.offset + name_at.size_bytes);
  return out;
}

}  // namespace

// Makes the next of the request's fallbacks what is asked, planned anew. Nothing: it is; else why
// it cannot be asked at all.
MaybeError Exchange::turn_to_fallback(std::size_t number) {
  auto& asks = fallback_asks_;
  if (asks.size() <= number) asks.resize(number + 1);
  if (!asks[number]) {
    auto made = std::make_unique<Ask>();
    if (MaybeError refused = write_fallback(number, *made)) return refused;
    asks[number] = std::move(made);
  }
  ask_ = asks[number].get();
  if (MaybeError refused = resolve_model()) return refused;
  look_for_rescue();
  plan_steps();
  return std::nullopt;
}

// A fallback is a request of its own: what it overrides is put over the request's own members. Only
// whether it is streamed is the client's to say once.
MaybeError Exchange::write_fallback(std::size_t number, Ask& ask) {
  const llm::FallbackWish& wish = own_.request.wishes->fallbacks[number];
  std::string body;
  if (wish.overrides) {
    // It was understood; but by limits that a reload may have lowered since.
    if (!llm::override_members(own_.body.view(), core_.index, number, body)) {
      return llm::errors::field_invalid(
          "fallbacks", "The body is beyond the limits that hold by now. Send a smaller one.");
    }
  } else {
    body = with_model(own_.body.view(), own_.request.model_span, wish.model);
  }
  ask.body = Slice::take(std::move(body));
  if (MaybeError refused = understand_json(ask)) return refused;
  if (MaybeError refused = header_wishes_.join(ask.request)) return refused;
  if (ask.request.stream != own_.request.stream) {
    return llm::errors::field_invalid("fallbacks.stream",
                                      "A fallback streams if its request does: leave stream out.");
  }
  return std::nullopt;
}

}  // namespace sluice::gateway
