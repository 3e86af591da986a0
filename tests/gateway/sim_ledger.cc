#include "sim_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "sluice/json/value.h"

namespace sluice::gateway::testing {
namespace {

constexpr std::string_view keep_alive = ": keep-alive\n\n";

std::string without_keep_alives(std::string text) {
  for (std::size_t at = text.find(keep_alive); at != std::string::npos;
       at = text.find(keep_alive, at)) {
    text.erase(at, keep_alive.size());
  }
  return text;
}

bool is_error_body(std::string_view body, std::string_view nonce) {
  json::Index index;
  if (!index.build(body)) return false;
  const json::Value top = json::root(index);
  const auto error = top.find("error");
  const auto id = top.find("request_id");
  return error && error->find("message") && error->find("type") && error->find("param") &&
         error->find("code") && id && id->string_equals(nonce);
}

// One typed error event and nothing else.
bool is_error_event(std::string_view text) {
  constexpr std::string_view begin = "data: ";
  if (!text.starts_with(begin) || !text.ends_with("\n\n")) return false;
  const std::string_view data = text.substr(begin.size(), text.size() - begin.size() - 2);
  json::Index index;
  if (data.contains('\n') || !index.build(data)) return false;
  const auto error = json::root(index).find("error");
  return error && error->find("message") && error->find("type");
}

// Takes as many whole events of `shown` off the front of `text` as there are; the rest stays.
std::size_t take_events(const std::vector<std::string>& shown, std::string_view& text) {
  std::size_t count = 0;
  for (; count < shown.size(); ++count) {
    // An event whose last line ends in CR LF is over with the CR: of one that is hidden the LF may
    // be left, an empty line that says nothing.
    const bool blank_line = shown[count].ends_with("\r\n") && text.starts_with('\n');
    if (!text.substr(blank_line ? 1 : 0).starts_with(shown[count])) break;
    text.remove_prefix(shown[count].size() + (blank_line ? 1 : 0));
  }
  return count;
}

bool allowed_status(int status) {
  static const std::set<int> statuses = {200, 400, 404, 408, 413, 429, 502, 503, 504};
  return statuses.contains(status);
}

// A head that came too slowly never became a request.
bool was_refused_by_codec(const Seen& seen) {
  const auto id = seen.headers.find("x-request-id");
  return seen.status == 408 && id != seen.headers.end() && is_own_id(id->second);
}

int local_status(Kind kind) {
  switch (kind) {
    case Kind::bad_json: return 400;
    case Kind::unknown_model:
    case Kind::no_path: return 404;
    case Kind::wrong_method: return 405;
    case Kind::chat:
    case Kind::stream:
    case Kind::models:
    case Kind::health:
    case Kind::head_health: return 200;
  }
  __builtin_unreachable();
}

void judge_stream(const Seen& seen, const Try& attempt, bool strict) {
  const std::string body = without_keep_alives(seen.body);
  std::string_view rest = body;
  const std::size_t events = take_events(attempt.shown, rest);
  const bool all = events == attempt.shown.size();
  if (seen.complete && rest.empty()) {
    EXPECT_TRUE(all && attempt.whole) << "a cut stream looks whole after " << events << " events";
  } else if (seen.complete) {
    // CR LF at the very end of the last event: its LF says nothing and may be left out.
    const bool only_lf_missing = events + 1 == attempt.shown.size() && attempt.whole &&
                                 std::string(rest) + "\n" == attempt.shown.back();
    EXPECT_TRUE(is_error_event(rest) || only_lf_missing)
        << "after " << events << " events came: " << rest.substr(0, 300);
  } else if (!all) {
    // Broken off: what came may end in the middle of an event or of an error event.
    EXPECT_TRUE(attempt.shown[events].starts_with(rest) || rest.starts_with("data: {\"error\":") ||
                std::string_view("data: {\"error\":").starts_with(rest) ||
                keep_alive.starts_with(rest))
        << "after " << events << " events came: " << rest.substr(0, 300);
  }
  if (!strict || attempt.verdict == Verdict::unknown) return;
  EXPECT_TRUE(seen.complete);
  EXPECT_EQ(rest.empty() || !is_error_event(rest), attempt.verdict == Verdict::good);
  if (attempt.verdict == Verdict::after) {
    EXPECT_TRUE(all) << events << " of " << attempt.shown.size() << " events came";
  }
}

void judge_success(const Seen& seen, const Try& attempt, bool strict) {
  const auto provider = seen.headers.find("x-sluice-provider");
  ASSERT_NE(provider, seen.headers.end());
  EXPECT_EQ(provider->second, "p" + std::to_string(attempt.provider));
  if (attempt.is_stream) {
    judge_stream(seen, attempt, strict);
    return;
  }
  ASSERT_EQ(attempt.shown.size(), 1U) << "a 200 where the provider said nothing to show";
  if (seen.complete) {
    EXPECT_TRUE(attempt.whole);
    EXPECT_TRUE(seen.body == attempt.shown[0]) << seen.body.substr(0, 500) << "\n"
                                               << attempt.shown[0].substr(0, 500);
  } else {
    EXPECT_TRUE(attempt.shown[0].starts_with(seen.body));
  }
}

// Whether a provider has asked anybody for a pause: with 429 or 503, or by an event.
bool may_rest(const Ledger& ledger, std::size_t provider) {
  for (const std::vector<Try>& tries : ledger.tries) {
    for (const Try& attempt : tries) {
      if (attempt.provider != provider) continue;
      if (attempt.status == 429 || attempt.status == 503) return true;
      if (attempt.status == 200 && attempt.verdict != Verdict::good) return true;
    }
  }
  return false;
}

void judge_strict(const Ledger& ledger, std::size_t number, std::size_t providers) {
  const Seen& seen = ledger.seen[number];
  const std::vector<Try>& tries = ledger.tries[number];
  EXPECT_TRUE(seen.complete) << "no whole answer, status " << seen.status;
  std::set<std::size_t> asked;
  for (const Try& attempt : tries) asked.insert(attempt.provider);
  const auto all_others_may_rest = [&] {
    for (std::size_t provider = 0; provider < providers; ++provider) {
      if (!asked.contains(provider) && !may_rest(ledger, provider)) return false;
    }
    return true;
  };
  if (tries.empty()) {
    EXPECT_TRUE(all_others_may_rest()) << "no provider was asked: " << seen.body;
    EXPECT_EQ(seen.status, 503) << seen.body;
    EXPECT_TRUE(seen.headers.contains("retry-after"));
    return;
  }
  switch (tries.back().verdict) {
    case Verdict::good:
    case Verdict::after: EXPECT_EQ(seen.status, 200) << seen.body; break;
    case Verdict::passes: EXPECT_EQ(seen.status, 400) << seen.body; break;
    case Verdict::before:
      EXPECT_GE(seen.status, 400);
      EXPECT_TRUE(all_others_may_rest()) << "not every deployment was asked: " << seen.body;
      break;
    case Verdict::unknown: break;
  }
}

// In the deployments' order, forwards or backwards; one provider twice only in a row.
void judge_order(const std::vector<Try>& tries) {
  std::vector<std::size_t> order;
  std::size_t repeats = 0;
  for (const Try& attempt : tries) {
    if (!order.empty() && order.back() == attempt.provider) {
      EXPECT_LE(++repeats, 1U) << "one deployment was asked three times";
    } else {
      repeats = 0;
      order.push_back(attempt.provider);
    }
  }
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()) ||
              std::is_sorted(order.rbegin(), order.rend()));
  EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()).size(), order.size());
  for (std::size_t i = 0; i + 1 < tries.size(); ++i) {
    EXPECT_NE(tries[i].verdict, Verdict::good) << "a good answer was replaced";
    EXPECT_NE(tries[i].verdict, Verdict::after) << "replaced after the commit point";
  }
}

// Whether the answer bears this try's mark; "n7.1" is no part of "n7.10".
bool bears_mark(std::string_view body, const std::string& mark) {
  return body.contains(mark + " ") || body.contains(mark + ".");
}

// A request that a stalled network brings late may reach a provider after the next was asked, or
// after the same one was asked again over another connection: so the last try is not always the one
// that was served. Of several at one provider it is the one whose mark the answer bears, and as
// long as there is none in it the last.
const Try* try_behind(const Seen& seen, const std::vector<Try>& tries) {
  const auto provider = seen.headers.find("x-sluice-provider");
  if (provider == seen.headers.end()) return nullptr;
  const Try* last = nullptr;
  for (const Try& attempt : tries) {
    if ("p" + std::to_string(attempt.provider) != provider->second) continue;
    if (bears_mark(seen.body, attempt.mark)) return &attempt;
    last = &attempt;
  }
  return last;
}

// The client's own mistake, in a provider's words.
bool was_said(const Seen& seen, const std::vector<Try>& tries) {
  return std::any_of(tries.begin(), tries.end(), [&](const Try& attempt) {
    return attempt.verdict == Verdict::passes && attempt.shown.at(0) == seen.body;
  });
}

void judge_answer(const Ledger& ledger, std::size_t number, std::size_t providers, bool strict) {
  const Seen& seen = ledger.seen[number];
  const Kind kind = ledger.asks[number].kind;
  strict = strict && !seen.excused;
  if (strict) {
    EXPECT_TRUE(seen.complete);
  }
  if (kind == Kind::health || kind == Kind::head_health) {
    if (seen.status != 0) {
      EXPECT_EQ(seen.status, 200);
    }
    return;
  }
  if (seen.status == 0) return;
  EXPECT_TRUE(allowed_status(seen.status) || seen.status == local_status(kind)) << seen.status;
  if (was_refused_by_codec(seen)) {
    EXPECT_FALSE(strict);
    return;
  }
  const auto id = seen.headers.find("x-request-id");
  ASSERT_NE(id, seen.headers.end()) << seen.status << " " << seen.body;
  EXPECT_EQ(id->second, nonce_of(number)) << "an answer to another request";
  if (seen.status == 429 || seen.status == 503) {
    EXPECT_TRUE(seen.headers.contains("retry-after"));
  }
  if (!goes_upstream(kind)) {
    if (strict) {
      EXPECT_EQ(seen.status, local_status(kind)) << seen.body;
    }
    if (seen.complete && seen.status != 200) {
      EXPECT_TRUE(is_error_body(seen.body, nonce_of(number))) << seen.body;
    }
    return;
  }
  const std::vector<Try>& tries = ledger.tries[number];
  if (strict) judge_strict(ledger, number, providers);
  if (seen.status == 200) {
    const Try* served = try_behind(seen, tries);
    ASSERT_NE(served, nullptr) << "a 200 that no provider gave";
    if (strict) {
      EXPECT_EQ(served, &tries.back());
    }
    judge_success(seen, *served, strict);
  } else if (seen.complete && seen.status == 400 && was_said(seen, tries)) {
    return;
  } else if (seen.complete) {
    EXPECT_TRUE(is_error_body(seen.body, nonce_of(number))) << seen.body;
  }
}

void judge_line(const Ledger& ledger, std::size_t number, json::Value line) {
  const Seen& seen = ledger.seen[number];
  const auto status = line.find("status");
  ASSERT_TRUE(status);
  if (seen.status != 0) {
    EXPECT_EQ(status->integer().value_or(0), seen.status);
  }
  if (!goes_upstream(ledger.asks[number].kind)) return;
  const auto total = line.find("ms")->find("total")->number();
  const auto body = line.find("ms")->find("body")->number();
  ASSERT_TRUE(total && body);
  // From the body's last byte on: the exchange's own deadline, and a client that reads too slowly.
  if (*body >= 0) {
    EXPECT_LE(*total - *body, 120'000 + 2 * 60'000 + 1'000);
  }
  std::size_t successes = 0;
  std::vector<std::string> order;
  for (const json::Value attempt : line.find("attempts")->elements()) {
    const std::string provider = attempt.find("provider")->string().value_or("");
    const int attempt_status = static_cast<int>(attempt.find("status")->integer().value_or(0));
    order.push_back(provider);
    successes += attempt.find("outcome")->string_equals("success") ? 1U : 0U;
    if (attempt_status == 0) continue;
    const auto said = [&](const Try& known) {
      return "p" + std::to_string(known.provider) == provider && known.status == attempt_status;
    };
    EXPECT_TRUE(std::any_of(ledger.tries[number].begin(), ledger.tries[number].end(), said))
        << "no provider " << provider << " answered " << attempt_status;
  }
  for (const Try& known : ledger.tries[number]) {
    EXPECT_NE(std::find(order.begin(), order.end(), "p" + std::to_string(known.provider)),
              order.end())
        << "an attempt is missing from the log";
  }
  EXPECT_LE(successes, 1U);
  const bool ended_well = line.find("ended_by")->is_null();
  if (ended_well && status->integer().value_or(0) == 200) {
    EXPECT_EQ(successes, 1U);
  }
  if (seen.complete) {
    EXPECT_FALSE(line.find("ended_by")->string_equals("client"));
  }
}

}  // namespace

std::string nonce_of(std::size_t number) { return "n" + std::to_string(number); }

bool is_own_id(std::string_view id) { return id.starts_with("req_"); }

std::size_t number_of(const Ledger& ledger, std::string_view nonce) {
  std::size_t number = 0;
  if (!nonce.starts_with('n')) return std::string_view::npos;
  const auto parsed = std::from_chars(nonce.data() + 1, nonce.data() + nonce.size(), number);
  const bool known = parsed.ec == std::errc{} && parsed.ptr == nonce.data() + nonce.size() &&
                     number < ledger.asks.size();
  return known ? number : std::string_view::npos;
}

std::string chat_body(std::string_view nonce, bool stream, std::size_t pad_bytes) {
  return R"({"model":"m","messages":[{"role":"user","content":")" + std::string(nonce) + " " +
         std::string(pad_bytes, 'x') + R"("}],"unknown":1.0e0)" +
         (stream ? R"(,"stream":true})" : "}");
}

std::string upstream_body(const Ask& ask, std::size_t index) {
  std::string body = ask.body;
  body.replace(body.find(R"("m")"), 3, "\"m-up-" + std::to_string(index) + "\"");
  if (ask.kind == Kind::stream) {
    body.insert(body.size() - 1, R"(,"stream_options":{"include_usage":true})");
  }
  return body;
}

std::string tagged(std::string object, std::string_view nonce, std::size_t provider) {
  object.insert(object.rfind('}'), R"(,"request_id":")" + std::string(nonce) +
                                       R"(","provider":"p)" + std::to_string(provider) + "\"");
  return object;
}

void judge_answers(const Ledger& ledger, std::size_t providers, bool strict) {
  for (std::size_t i = 0; i < ledger.asks.size(); ++i) {
    SCOPED_TRACE("request " + nonce_of(i));
    judge_answer(ledger, i, providers, strict);
    if (strict && !ledger.seen[i].excused) judge_order(ledger.tries[i]);
  }
}

void judge_log(const Ledger& ledger, const std::vector<std::string>& lines) {
  std::vector<std::size_t> count(ledger.asks.size());
  json::Index index;
  for (const std::string& text : lines) {
    SCOPED_TRACE(text);
    ASSERT_TRUE(index.build(text).has_value());
    const json::Value line = json::root(index);
    const auto nonce = line.find("request_id")->string();
    if (is_own_id(nonce.value_or(""))) {
      EXPECT_EQ(line.find("status")->integer(), 408);
      continue;
    }
    const std::size_t number = number_of(ledger, nonce.value_or(""));
    ASSERT_NE(number, std::string_view::npos) << "a line of no request";
    ++count[number];
    judge_line(ledger, number, line);
  }
  for (std::size_t i = 0; i < count.size(); ++i) {
    const Kind kind = ledger.asks[i].kind;
    const bool logged = kind != Kind::health && kind != Kind::head_health;
    EXPECT_LE(count[i], logged ? 1U : 0U) << nonce_of(i);
    const bool answered = ledger.seen[i].status != 0 && !was_refused_by_codec(ledger.seen[i]);
    const bool asked = answered || !ledger.tries[i].empty();
    if (logged && asked) {
      EXPECT_EQ(count[i], 1U) << nonce_of(i);
    }
  }
}

}  // namespace sluice::gateway::testing
