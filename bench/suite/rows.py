"""Results as rows of cells. Pure."""

import tables

TIMES = ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (0, "ns"))
RATES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (0, ""))


def scaled(value, scales):
    """The number with the largest unit it reaches, and three digits of it."""
    size, unit = next((size, unit) for size, unit in scales if value >= size)
    value = value / (size or 1)
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}".rstrip()


def time_cell(spread):
    """Median, and how far the rounds are from it."""
    if spread is None:
        return ""
    middle = spread["median"]
    below, above = (100 * (spread[key] / middle - 1) for key in ("min", "max"))
    return f"{scaled(middle, TIMES)} ({below:+.0f} {above:+.0f} %)"


def rate_cell(metrics):
    """Bytes or items a second, whichever the benchmark tells; bytes say more."""
    for metric, unit in (("bytes_per_second", "B/s"), ("items_per_second", "/s")):
        if metric in metrics:
            number, *prefix = scaled(metrics[metric]["median"], RATES).split()
            return f"{number} {''.join(prefix)}{unit}"
    return ""


def ratio_cell(spread):
    return tables.cell(spread, 1, 3)


def grid(builds, comparison):
    """The heading first. `builds` is {name: {benchmark: {metric: spread}}}, the present one first."""
    now, *others = builds
    benchmarks = dict.fromkeys(name for found in builds.values() for name in found)
    heading = ["", *builds, "rate"]
    if others:
        heading += ["ratio", ""]
    rows = [heading]
    for name in benchmarks:
        row = [name, *(time_cell(found.get(name, {}).get("ns")) for found in builds.values()),
               rate_cell(builds[now].get(name, {}))]
        if others:
            one = comparison.get(name)
            row += [ratio_cell(one["ratio"]), one["verdict"]] if one else ["", ""]
        rows.append(row)
    return rows
