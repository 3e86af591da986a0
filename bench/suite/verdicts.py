"""What runs of benchmarks say: one row per benchmark, and whether two builds differ.

Pure: runs in, figures out. A run is {benchmark: {"ns": processor time of one iteration, and where
the benchmark says so "bytes_per_second" and "items_per_second"}}.

Two builds differ where the rounds of the one are so far from those of the other as rounds of equal
programs seldom are: by the exact test of Mann and Whitney, which asks for ranks alone, for times
have long tails. Besides, a difference must be large enough to mean something: where a linker puts
a loop moves it by a percent or two, in every round alike.
"""

import functools
import math

import figures

CHANCE_MAX = 0.01  # of calling two equal programs different, per benchmark
RATIO_MIN = 0.02   # of a difference worth a word

SAME, FASTER, SLOWER, UNKNOWN = "", "faster", "slower", "?"


def merged(runs):
    """{benchmark: {metric: spread}} over rounds, in the order of first sight."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: figures.spreads([run[name] for run in runs if name in run]) for name in names}


def compared(now, before):
    """{benchmark: {"ratio": spread, "chance": p, "verdict": word}} of benchmarks that both have.

    `now` and `before` are lists of runs, round by round. A ratio is taken within its round.
    """
    found = {}
    for name in merged(now):
        ours = [run.get(name, {}) for run in now]
        theirs = [run.get(name, {}) for run in before]
        ratio = figures.ratio(ours, theirs, "ns")
        if ratio is None:
            continue
        times = [[run["ns"] for run in runs if "ns" in run] for runs in (ours, theirs)]
        found[name] = {"ratio": ratio, "chance": chance_of_equal(*times), "verdict": verdict(ratio["median"], *times)}
    return found


def verdict(ratio, ours, theirs):
    if smallest_chance(len(ours), len(theirs)) > CHANCE_MAX:
        return UNKNOWN  # too few rounds to tell anything from noise
    if abs(math.log(ratio)) < math.log1p(RATIO_MIN) or chance_of_equal(ours, theirs) > CHANCE_MAX:
        return SAME
    return FASTER if ratio < 1 else SLOWER


def chance_of_equal(ours, theirs):
    """How often samples of one and the same distribution are at least so far apart; two-sided."""
    pairs = len(ours) * len(theirs)
    above = sum((a > b) + (a == b) / 2 for a in ours for b in theirs)
    extreme = math.floor(min(above, pairs - above) + 0.5)  # a tie never helps
    ways = sum(ways_of(len(ours), len(theirs), each) for each in range(extreme + 1))
    return min(1.0, 2 * ways / math.comb(len(ours) + len(theirs), len(ours)))


def smallest_chance(ours_count, theirs_count):
    """That of samples which do not overlap at all."""
    return min(1.0, 2 / math.comb(ours_count + theirs_count, ours_count))


@functools.cache
def ways_of(ours_count, theirs_count, above):
    """In how many orders of both samples exactly `above` pairs have ours above theirs."""
    if above < 0:
        return 0
    if ours_count == 0 or theirs_count == 0:
        return 1 if above == 0 else 0
    # The largest of all is one of ours, above all of theirs, or one of theirs, above none.
    return ways_of(ours_count - 1, theirs_count, above - theirs_count) + ways_of(ours_count, theirs_count - 1, above)


def summary(comparison, rounds):
    """Sentences to end with."""
    if any(one["verdict"] == UNKNOWN for one in comparison.values()):
        return [f"{rounds} rounds are too few to tell a difference from noise: --rounds 5 or more"]
    lines = []
    for word in (FASTER, SLOWER):
        names = [f"{name} ({one['ratio']['median']:.3f})" for name, one in comparison.items() if one["verdict"] == word]
        if names:
            lines.append(f"{word}, beyond the noise: {', '.join(names)}")
    if not lines:
        lines = ["no difference exceeds the noise"]
    lines.append(
        f"of {len(comparison)} benchmarks that did not change about {CHANCE_MAX * len(comparison):.1f} would be "
        f"called different; below {RATIO_MIN:.0%} nothing is")
    return lines
