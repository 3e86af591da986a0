#include "sluice/telemetry/outcome.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::telemetry {
namespace {

TEST(Outcome, EveryOneHasItsOwnName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < attempt_outcome_count; ++i) {
    names.insert(to_string(static_cast<AttemptOutcome>(i)));
  }
  EXPECT_EQ(names.size(), attempt_outcome_count);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(to_string(static_cast<AttemptOutcome>(attempt_outcome_count)), "unknown");
}

TEST(Outcome, FollowsTheStatus) {
  EXPECT_EQ(outcome_of_status(200), AttemptOutcome::success);
  EXPECT_EQ(outcome_of_status(400), AttemptOutcome::refused);
  EXPECT_EQ(outcome_of_status(429), AttemptOutcome::rate_limited);
  EXPECT_EQ(outcome_of_status(500), AttemptOutcome::failed);
  EXPECT_EQ(outcome_of_status(529), AttemptOutcome::failed);
  for (const int no_answer : {-1, 0, 100, 103, 199, 600, 999}) {
    EXPECT_EQ(outcome_of_status(no_answer), AttemptOutcome::malformed) << no_answer;
  }
}

TEST(Outcome, FollowsTheError) {
  const auto outcome = [](ErrorKind kind) { return outcome_of_error({.kind = kind}); };
  EXPECT_EQ(outcome(ErrorKind::cancelled), AttemptOutcome::cancelled);
  EXPECT_EQ(outcome(ErrorKind::deadline_exceeded), AttemptOutcome::timed_out);
  EXPECT_EQ(outcome(ErrorKind::resolve_failed), AttemptOutcome::connect_failed);
  EXPECT_EQ(outcome(ErrorKind::connection_closed), AttemptOutcome::reset);
  EXPECT_EQ(outcome(ErrorKind::certificate_invalid), AttemptOutcome::tls_failed);
  EXPECT_EQ(outcome(ErrorKind::exhausted), AttemptOutcome::exhausted);
  EXPECT_EQ(outcome(ErrorKind::malformed), AttemptOutcome::malformed);
}

TEST(EndedBy, IsWhoseFaultItWas) {
  EXPECT_EQ(ended_by(Fault::client), EndedBy::client);
  EXPECT_EQ(ended_by(Fault::gateway), EndedBy::gateway);
  EXPECT_EQ(ended_by(Fault::provider), EndedBy::provider);
  EXPECT_EQ(to_string(EndedBy::nobody), "nobody");
  EXPECT_EQ(to_string(EndedBy::provider), to_string(Fault::provider));
}

TEST(Outcome, CountOfErrorKindsCoversTheLast) {
  EXPECT_EQ(to_string(static_cast<ErrorKind>(error_kind_count - 1)), "io");
  EXPECT_EQ(to_string(static_cast<ErrorKind>(error_kind_count)), "unknown");
}

}  // namespace
}  // namespace sluice::telemetry
