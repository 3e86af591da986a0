"""Builds the benchmarks of bench/ and runs them all.

  tools/bench                          installs, builds, runs, and prints a table
  tools/bench --filter 'Timer|Index'   those alone whose name has a match
  tools/bench --against HEAD~3         and those of that commit, in turn with these

All figures are processor time. Each benchmark checks its answer: one that found it wrong is named,
and has no figures. Exit status: 0 all ran, 1 a benchmark voided its time or could not be run, 2 a
bad command line. A difference between commits is said, and no failure.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "bench" / "compare"))  # its figures and tables are used here too

import figures  # noqa: E402  (the path above comes first)
import machine  # noqa: E402
import programs  # noqa: E402
import rows  # noqa: E402
import tables  # noqa: E402
import verdicts  # noqa: E402

# So many that a difference is still seen when one round was disturbed; five see it otherwise.
ROUNDS = 9


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="tools/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--filter", metavar="REGEX", default=".", help="benchmarks whose name has a match; default: all")
    parser.add_argument("--against", metavar="COMMIT", help="builds that commit too, and says what differs")
    parser.add_argument("--rounds", type=int, help="in each, every build runs every benchmark; default: 9")
    parser.add_argument("--quick", action="store_true", help="two short rounds: do they work at all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes every single run there")
    parser.add_argument("--list", action="store_true", help="print the names, and end")
    parser.add_argument("--build", type=Path, metavar="FOLDER", default=ROOT / "build" / "bench",
                        help="use this build as it is, and install nothing; default: build/bench, made up to date")
    # Said by tools/bench when it has built the commit.
    parser.add_argument("--against-build", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        re.compile(options.filter)
    except re.error as wrong:
        parser.error(f"--filter: {wrong}")
    if options.against and not options.against_build:
        parser.error("--against builds a commit, and --build says to build nothing")
    options.rounds = options.rounds or (2 if options.quick else ROUNDS)
    if options.rounds < 1:
        parser.error("--rounds: at least one")
    options.seconds = 0.01 if options.quick else 0.05
    return options


def builds_of(options):
    builds = [programs.Build("now", options.build)]
    if options.against_build:
        builds.append(programs.Build(options.against, options.against_build))
    return builds


def measure(builds, options):
    """({build: [run per round]}, {(build, benchmark): why it has no figures})."""
    core = max(os.sched_getaffinity(0))  # the one that tools/compare measures on
    found = {build.name: {path.parent.name: path for path in build.programs(options.filter)} for build in builds}
    runs = {build.name: [] for build in builds}
    failed = {}
    for number in range(options.rounds):
        for build in builds:
            runs[build.name].append({})
        # Room by room, so that what is compared runs within a second or two.
        for room in dict.fromkeys(room for rooms in found.values() for room in rooms):
            for name in figures.rotated([name for name in found if room in found[name]], number):
                if (name, found[name][room].name) in failed:
                    continue  # it crashed or hung before
                figured, void = programs.run(found[name][room], options.filter, options.seconds, core)
                runs[name][-1] |= figured
                failed |= {(name, benchmark): why for benchmark, why in void.items()}
        print(f"== round {number + 1}/{options.rounds}", file=sys.stderr, flush=True)
    for name, benchmark in failed:
        for run in runs[name]:
            run.pop(benchmark, None)  # wrong once, believed never
    return runs, failed


def report(builds, options):
    before = machine.Machine()
    runs, failed = measure(builds, options)
    busy, stolen, whole = before.used()
    merged = {name: verdicts.merged(each) for name, each in runs.items()}
    now, *others = runs
    comparison = verdicts.compared(runs[now], runs[others[0]]) if others else {}
    print(tables.as_text(rows.grid(merged, comparison)))
    print(f"\nProcessor time of one iteration: median of {options.rounds} rounds, and the least and the most of them. "
          f"The machine was {(busy + stolen) / max(whole, 1e-9):.0%} busy, this included.")
    if others:
        print(f"The ratio is that of now to {others[0]}, within each round.")
        for line in verdicts.summary(comparison, options.rounds):
            print(line)
    for (name, benchmark), why in failed.items():
        print(f"tools/bench: NO FIGURES for {benchmark} ({name}): {why}", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps({
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
            "machine": machine.describe_machine(),
            "commits": {name: commit_of(name, now) for name in runs},
            "rounds": options.rounds, "seconds": options.seconds, "runs": runs, "figures": merged,
            "comparison": comparison,
            "failed": [{"build": name, "benchmark": benchmark, "why": why} for (name, benchmark), why in failed.items()],
        }, indent=1) + "\n")
    if not any(merged.values()) and not failed:
        raise programs.Trouble(f"no benchmark has a name that {options.filter!r} matches")
    return 1 if failed else 0


def commit_of(name, now):
    """The commit behind a build's name, or nothing where there is no git."""
    which = ["describe", "--always", "--exclude=*", "--dirty"] if name == now else ["rev-parse", "--short", name]
    done = subprocess.run(["git", "-C", str(ROOT), *which], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def main():
    options = parse_arguments()
    builds = builds_of(options)
    if options.list:
        for names in builds[0].programs(options.filter).values():
            print("\n".join(names))
        return 0
    return report(builds, options)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except programs.Trouble as trouble:
        print(f"tools/bench: {trouble}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
