#include "routing_trail.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sluice/json/value.h"
#include "sluice/json/writer.h"
#include "sluice/llm/answer_tag.h"

namespace sluice::gateway {
namespace {

constexpr std::size_t considered_max = 32;
constexpr std::string_view member_name = "sluice";

double milliseconds(Duration span) noexcept {
  return std::chrono::duration<double, std::milli>(
             std::chrono::duration_cast<std::chrono::microseconds>(span))
      .count();
}

void write_number(json::Writer& writer, std::string_view key, std::optional<double> value) {
  writer.key(key);
  if (value) {
    writer.number(*value);
  } else {
    writer.null();
  }
}

void write_score(json::Writer& writer, const route::ScoreTerms& terms) {
  writer.key("score").begin_object();
  writer.key("total").number(terms.total);
  writer.key("uptime").number(terms.uptime);
  writer.key("throughput").number(terms.throughput);
  writer.key("price").number(terms.price);
  writer.key("latency").number(terms.latency);
  writer.key("penalty").number(terms.penalty);
  writer.end_object();
}

void write_name(json::Writer& writer, std::string_view key, std::string_view name) {
  writer.key(key);
  if (name.empty()) {
    writer.null();
  } else {
    writer.string(name);
  }
}

void write_place(json::Writer& writer, const catalog::Deployment& deployment, bool names_model) {
  writer.key("provider").string(deployment.provider->name);
  write_name(writer, "deployment",
             names_model ? std::string_view(deployment.upstream_model) : std::string_view{});
  write_name(writer, "region", deployment.region);
}

void write_considered(json::Writer& writer, const RoutingTrail& trail) {
  const route::Plan& plan = trail.plan;
  const bool is_scored = plan.strategy == route::Strategy::score && plan.steps.size() > 1;
  writer.key("considered").begin_array();
  std::size_t left = considered_max;
  for (const route::Considered& each : plan.considered) {
    if (each.obstacle == route::Obstacle::region) continue;  // not for this caller to know of
    if (left-- == 0) break;
    writer.begin_object();
    write_place(writer, *each.deployment, trail.names_model);
    writer.key("obstacle").string(route::to_string(each.obstacle));
    if (is_scored && each.obstacle == route::Obstacle::none) write_score(writer, each.terms);
    writer.end_object();
  }
  writer.end_array();
}

void write_chosen(json::Writer& writer, const RoutingTrail& trail) {
  const route::Plan& plan = trail.plan;
  writer.key("chosen");
  if (plan.steps.empty()) {
    writer.null().key("chosen_by").null();
    return;
  }
  writer.begin_object();
  write_place(writer, plan.steps.front().passage.deployment(), trail.names_model);
  writer.end_object().key("chosen_by").string(route::to_string(plan.reason));
}

void write_attempts(json::Writer& writer, std::span<const telemetry::AttemptRecord> attempts) {
  writer.key("attempts").begin_array();
  for (const telemetry::AttemptRecord& attempt : attempts) {
    writer.begin_object();
    writer.key("provider").string(attempt.provider);
    write_name(writer, "deployment", attempt.deployment);
    writer.key("outcome").string(telemetry::to_string(attempt.outcome));
    writer.key("status");
    if (attempt.status != 0) {
      writer.integer(attempt.status);
    } else {
      writer.null();
    }
    writer.key("ms").number(milliseconds(attempt.took));
    write_number(writer, "cost_usd", attempt.cost_usd);
    writer.end_object();
  }
  writer.end_array();
}

// An event's block of lines, and in it the data of its last line that has some.
struct EventPlace {
  std::size_t begin = std::string_view::npos;
  std::string_view data = {};
};

// Of whole events; comments are none.
EventPlace last_event(std::string_view text) noexcept {
  EventPlace found;
  EventPlace current{.begin = 0};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
    if (line.empty()) {
      current = {.begin = std::min(at, text.size())};
    } else if (!line.starts_with(':')) {
      if (line.starts_with("data:")) current.data = line.substr(5);
      found = current;
    }
  }
  return found;
}

std::string_view first_data(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with("data:")) return line.substr(5);
    at = end + 1;
  }
  return {};
}

struct MemberPlace {
  std::size_t offset = 0;
  bool behind_member = false;
};

// Where the member goes in an object; nothing: it is none, or has one already.
std::optional<MemberPlace> member_place(std::string_view json, json::Index& index) {
  if (!index.build(json)) return std::nullopt;
  const json::Value top = json::root(index);
  if (!top.is(json::Kind::object) || top.find(member_name)) return std::nullopt;
  const llm::TagPlace place = llm::find_tag_place(top);
  return MemberPlace{.offset = json.size() - place.bytes_behind,
                     .behind_member = place.behind_member};
}

std::string member(std::string_view trail, bool behind_member) {
  std::string text(behind_member ? "," : "");
  text += '"';
  text += member_name;
  text += "\":";
  text += trail;
  return text;
}

SliceChain with_text_at(const Slice& all, std::size_t offset, std::string text) {
  SliceChain chain;
  chain.push(all.share(0, offset));
  chain.push(Slice::take(std::move(text)));
  chain.push(all.share(offset, all.size() - offset));
  return chain;
}

}  // namespace

std::string render_trail(const RoutingTrail& trail) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("routing").begin_object();
  writer.key("strategy").string(llm::to_string(trail.plan.strategy));
  write_chosen(writer, trail);
  write_considered(writer, trail);
  write_attempts(writer, trail.attempts);
  writer.end_object().end_object();
  return text;
}

void put_trail(SliceChain& answer, std::string_view trail, json::Index& index) {
  const Slice all = std::move(answer).gather();
  const auto place = member_place(all.view(), index);
  if (!place) {
    answer = SliceChain();
    answer.push(all.share());
    return;
  }
  answer = with_text_at(all, place->offset, member(trail, place->behind_member));
}

void StreamTrail::see(const SliceChain& events) {
  if (!has_chunks_ || !names_.empty() || events.empty()) return;
  const std::string text = events.to_string();
  const std::string_view data = first_data(text);
  if (data.empty() || !index_.build(data)) return;
  const json::Value top = json::root(index_);
  for (const std::string_view name : {"id", "object", "created", "model"}) {
    const auto value = top.find(name);
    if (!value) continue;
    json::append_quoted(names_, name);
    names_ += ':';
    names_ += value->raw();
    names_ += ',';
  }
}

std::string StreamTrail::chunk(std::string_view trail) const {
  return "data: {" + names_ + "\"choices\":[]," + member(trail, false) + "}\n\n";
}

bool StreamTrail::put(SliceChain& last, std::string_view trail) {
  const Slice all = std::move(last).gather();
  const EventPlace event = last_event(all.view());
  last = SliceChain();
  if (const auto place = member_place(event.data, index_)) {
    const auto data_at = static_cast<std::size_t>(event.data.data() - all.data());
    last = with_text_at(all, data_at + place->offset, member(trail, place->behind_member));
    return false;
  }
  if (!has_chunks_) {
    last.push(all.share());
    return false;
  }
  last = with_text_at(all, std::min(event.begin, all.size()), chunk(trail));
  return true;
}

}  // namespace sluice::gateway
