"""Arithmetic on what runs found: medians with their spread, ratios, latency above direct.

Pure: numbers in, numbers out. A run is {metric: number}; `None` is a metric that could not be had.
"""

import statistics

TOLERABLE_NOISE = 0.10  # of the machine, used by others: beyond it a result says NOISY


def spread(values):
    """Median with least and most, or None when nothing is known."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"median": statistics.median(known), "min": min(known), "max": max(known)}


def noisy(others):
    """Whether others used so much of the machine that a result should be doubted; `others` may be None."""
    return others is not None and others["median"] > TOLERABLE_NOISE


def spreads(runs):
    """{metric: spread} over runs, of every metric that any of them knows and that is a number."""
    metrics = dict.fromkeys(name for run in runs for name, value in run.items() if not isinstance(value, (dict, list)))
    found = {name: spread([run.get(name) for run in runs]) for name in metrics}
    return {name: value for name, value in found.items() if value is not None}


def ratio(ours, theirs, metric):
    """Of two targets' runs, round by round: what a moment does to the machine it does to both."""
    pairs = [(a.get(metric), b.get(metric)) for a, b in zip(ours, theirs)]
    return spread([a / b for a, b in pairs if a is not None and b])


def difference(ours, theirs, metric):
    """Of two targets' runs, round by round, as a ratio is."""
    pairs = [(a.get(metric), b.get(metric)) for a, b in zip(ours, theirs)]
    return spread([a - b for a, b in pairs if a is not None and b is not None])


def ratios(runs, metric, bases):
    """{target: {base: spread}} of every target to each base that has runs, but to itself."""
    found = {}
    for name, ours in runs.items():
        to_bases = {base: ratio(ours, runs[base], metric) for base in bases if base in runs and base != name}
        found[name] = {base: value for base, value in to_bases.items() if value is not None}
    return {name: value for name, value in found.items() if value}


def added(runs, direct, metrics):
    """Writes `METRIC_added` into each run: what it has above the direct run of its round."""
    for run, without in zip(runs, direct):
        for metric in metrics:
            if run.get(metric) is not None and without.get(metric) is not None:
                run[f"{metric}_added"] = run[metric] - without[metric]


def median_curve(curves):
    """One curve of (quantile, value) out of several: at each quantile that all have, the median."""
    tables = [dict((point[0], point[1]) for point in curve) for curve in curves if curve]
    if not tables:
        return []
    shared = [quantile for quantile in sorted(tables[0]) if all(quantile in table for table in tables)]
    return [[quantile, statistics.median(table[quantile] for table in tables)] for quantile in shared]


def rotated(names, round_number):
    """The order of a round: each name goes first in its turn, and every second time backwards.

    Backwards, because else the same one would always run behind the same other.
    """
    names = list(names)
    if not names:
        return []
    start = (round_number // 2) % len(names)
    order = names[start:] + names[:start]
    return order if round_number % 2 == 0 else order[::-1]
