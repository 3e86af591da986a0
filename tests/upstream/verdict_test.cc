#include "sluice/upstream/verdict.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::upstream {
namespace {

struct VerdictCase {
  Verdict verdict;
  std::string_view name;
  bool is_verdict, is_failure;
};
constexpr VerdictCase verdict_cases[] = {
    {Verdict::success, "success", true, false},
    {Verdict::unreachable, "unreachable", true, true},
    {Verdict::timed_out, "timed_out", true, true},
    {Verdict::reset, "reset", true, true},
    {Verdict::malformed, "malformed", true, true},
    {Verdict::failed, "failed", true, true},
    {Verdict::overloaded, "overloaded", true, true},
    {Verdict::rate_limited, "rate_limited", true, true},
    {Verdict::auth_refused, "auth_refused", true, true},
    {Verdict::quota, "quota", true, true},
    {Verdict::refused, "refused", true, false},
    {Verdict::abandoned, "abandoned", false, false},
};
static_assert(std::size(verdict_cases) == verdict_count);

TEST(Verdict, BlamesWhoWasAskedOnlyForWhatIsItsFault) {
  std::set<std::string_view> names;
  for (std::size_t index = 0; index < verdict_count; ++index) {
    const VerdictCase& c = verdict_cases[index];
    SCOPED_TRACE(c.name);
    EXPECT_EQ(static_cast<std::size_t>(c.verdict), index);
    EXPECT_EQ(to_string(c.verdict), c.name);
    EXPECT_EQ(is_verdict(c.verdict), c.is_verdict);
    EXPECT_EQ(is_failure(c.verdict), c.is_failure);
    names.insert(c.name);
  }
  EXPECT_EQ(names.size(), verdict_count);
}

TEST(Verdict, KnowsWhatAnotherCredentialMayBeGiven) {
  for (std::size_t index = 0; index < verdict_count; ++index) {
    const auto verdict = static_cast<Verdict>(index);
    const bool is_refusal = verdict == Verdict::rate_limited || verdict == Verdict::quota ||
                            verdict == Verdict::auth_refused;
    EXPECT_EQ(is_of_credential(verdict), is_refusal) << to_string(verdict);
  }
}

}  // namespace
}  // namespace sluice::upstream
