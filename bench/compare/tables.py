"""Results as tables: on a terminal and in Markdown. Pure."""

# Metrics in the order of columns: key, heading, scale, digits.
COLUMNS = (
    ("us", "CPU us/{unit}", 1, 2),
    ("instructions", "instructions/{unit}", 1, 0),
    ("user_us", "user us", 1, 2),
    ("system_us", "system us", 1, 2),
    ("requests_per_second", "requests/s", 1, 0),
    ("gain", "requests/s, to one worker's", 1, 2),
    ("events_per_second", "events/s", 1, 0),
    ("p50_added", "p50 added us", 1, 0),
    ("p99_added", "p99 added us", 1, 0),
    ("p99_9_added", "p99.9 added us", 1, 0),
    *((f"{metric}_{share}", f"{name} us at {share} %", 1, digits) for metric, name, digits in (
        ("us", "CPU", 1), ("p50", "p50", 0), ("p99", "p99", 0)) for share in (10, 50, 90)),
    ("first_p50", "first p50 us", 1, 0),
    ("first_p99", "first p99 us", 1, 0),
    ("first_p50_added", "first p50 added us", 1, 0),
    ("first_p99_added", "first p99 added us", 1, 0),
    ("gap_p50", "gap p50 us", 1, 0),
    ("gap_p99", "gap p99 us", 1, 0),
    ("gap_p99_9", "gap p99.9 us", 1, 0),
    ("gap_p99_added", "gap p99 added us", 1, 0),
    ("alone_p50", "alone p50 us", 1, 0),
    ("alone_p99", "alone p99 us", 1, 0),
    ("beside_p50", "beside p50 us", 1, 0),
    ("beside_p99", "beside p99 us", 1, 0),
    ("beside_p99_added", "beside p99 added us", 1, 0),
    ("stream_bytes", "bytes/stream", 1, 0),
    ("calls", "calls/request", 1, 2),
    ("core_used", "core used %", 100, 0),
    ("connection_bytes", "bytes/connection", 1, 0),
    ("idle_bytes", "idle MiB", 1 / 2**20, 1),
    ("peak_bytes", "peak MiB", 1 / 2**20, 1),
)
RATIOS = (("haproxy", "to HAProxy"), ("floor", "to floor"), ("sluice", "to Sluice"))


def number(value, digits):
    return f"{value:.{digits}f}"


def cell(value, scale, digits):
    """Median, and in brackets least and most where they differ as written."""
    if value is None:
        return ""
    middle, least, most = (number(value[key] * scale, digits) for key in ("median", "min", "max"))
    return middle if least == most else f"{middle} ({span(least, most)})"


def span(least, most):
    """From one to the other; a dash between two numbers of which one is negative would be read as a sign."""
    return f"{least} to {most}" if "-" in least + most else f"{least}-{most}"


def grid(result, unit):
    """Rows of cells, the heading first: one row per target, and only columns somebody has."""
    targets = result["targets"]
    columns = [column for column in COLUMNS if any(column[0] in metrics for metrics in targets.values())]
    bases = [base for base in RATIOS if any(base[0] in found for found in result["ratios"].values())]
    rows = [["", *(heading.format(unit=unit) for _, heading, _, _ in columns),
             *(heading for _, heading in bases)]]
    for name, metrics in targets.items():
        ratios = result["ratios"].get(name, {})
        rows.append([name, *(cell(metrics.get(key), scale, digits) for key, _, scale, digits in columns),
                     *(cell(ratios.get(base), 1, 3) for base, _ in bases)])
    return rows


def profile_grids(result):
    """Where a target's instructions are spent, as tables: by room of each build of ours, by function of one."""
    profiles = result.get("profiles") or {}
    if not profiles:
        return []
    rooms = {name: dict(profile["rooms"]) for name, profile in profiles.items() if name.startswith("sluice")}
    order = dict.fromkeys(room for counts in rooms.values() for room in counts)
    grids = []
    if rooms:
        grids.append([["room, or (library)", *rooms]] + [
            [room, *(number(counts.get(room, 0), 0) for counts in rooms.values())] for room in order])
    if "sluice" in profiles:
        grids.append([["function, sluice", "instructions"]] + [
            [name, number(count, 0)] for name, count in profiles["sluice"]["functions"]])
    return grids


def as_text(rows):
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join("  ".join(
        text.ljust(width) if index == 0 else text.rjust(width)
        for index, (text, width) in enumerate(zip(row, widths))).rstrip() for row in rows)


def as_markdown(rows):
    lines = ["| " + " | ".join(text.replace("|", "\\|") for text in row) + " |" for row in rows]
    lines.insert(1, "| " + " | ".join(["---"] + ["---:"] * (len(rows[0]) - 1)) + " |")
    return "\n".join(lines)


BUDGET_RULE = ("The median of the rounds is held against the bound, with no tolerance; ratios and differences are taken "
               "within each round. \"within noise\": the bound lies between the least and the most of the rounds, and "
               "another run may say otherwise.")


def budget_grid(verdicts):
    rows = [["budget", "bound", "measured", "verdict"]]
    for verdict in verdicts:
        value, unit = verdict["value"], verdict["unit"]
        sign = ">=" if verdict["at_least"] else "<="
        rows.append([verdict["name"], f"{sign} {four_digits(verdict['bound'])} {unit}",
                     "" if value is None else f"{budget_cell(value)} {unit}", verdict_text(verdict)])
    return rows


def budget_cell(value):
    middle, least, most = (four_digits(value[key]) for key in ("median", "min", "max"))
    return middle if least == most else f"{middle} ({span(least, most)})"


def four_digits(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def verdict_text(verdict):
    if verdict["held"] is None:
        return verdict["why"]
    return ("held" if verdict["held"] else "BROKEN") + ", one run" * verdict["one_run"] + ", within noise" * verdict["within_noise"] + ", NOISY" * verdict["noisy"]


def title(name, result):
    return f"{name}: {result['what']}" + " (NOISY)" * result["noisy"]


def conditions(result):
    """Sentences on how far to believe a result."""
    rounds = max((len(runs) for runs in result["runs"].values()), default=0)
    said = [f"{rounds} rounds" if rounds > 1 else "one run: nothing is known of its spread"] if rounds else []
    if result.get("half_rate"):
        said.append(f"latency at {result['half_rate']:.0f} requests/s for all")
    if result.get("direct_rate"):
        said.append(f"without a proxy {result['direct_rate']:.0f} requests/s")
    others = result.get("others")
    if others:
        noisy = "  NOISY: doubt it" if result["noisy"] else ""
        said.append(f"others used {others['median']:.1%} ({others['min']:.1%}-{others['max']:.1%}) "
                    f"of the machine{noisy}")
    for name, metrics in result["targets"].items():
        dropped = metrics.get("log_lines_dropped")
        if dropped and dropped["max"] > 0:
            said.append(f"{name} dropped up to {dropped['max']:.0f} log lines a run")
    said += [f"NO NUMBERS for {name}: {why}" for name, why in result["void"].items()]
    said += result.get("notes", [])
    return said
