"""Sets Sluice against HAProxy, nginx and a relay that parses nothing, in front of one simulated
provider.

  tools/compare                      installs, builds and measures all scenarios
  tools/compare --quick              a few seconds per scenario: does it work at all
  tools/compare --scenarios chat,sse --rounds 9
  tools/compare --urgent             as root, on a machine that others use too
  tools/compare --publish build/compare/report.json    bench/REPORT.md out of a report; measures nothing

Each proxy has one thread on one core; simulator and load generator are on others, or on the other.
Every answer is checked: a target that gave a wrong one has no numbers in that scenario. Writes
report.json, report.md and report.html, after each scenario anew; one that was interrupted says so. Exit
status: 0 no budget was found broken, 1 a wrong answer, an interruption or no measurement, 2 a bad
command line, 3 a budget is broken.
"""

import argparse
import dataclasses
import importlib
import json
import os
import re
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path

import budgets
import machine
import report
import scenarios
from processes import Trouble, choose_cores
from stage import Stage
from strangers import FORM, name_taken, parse_stranger

ROOT = Path(__file__).resolve().parents[2]
QUICK_STREAMS = 200
QUICK_TOKENS = 8  # of a paced stream


class Options(argparse.Namespace):
    """The command line, and what the measuring modules ask of it."""

    def targets_of(self, scenario):
        """Who takes part in a scenario. Somebody else's gateway knows one simulator, the plain one."""
        names = [name for name in scenario.targets if name in self.targets]
        return names + [stranger.name for stranger in self.target if scenario.part == scenarios.PLAIN_PART]

    def streams_of(self, scenario):
        return min(scenario.connections, QUICK_STREAMS) if self.quick else scenario.connections

    def pace_of(self, scenario):
        pace = scenario.pace
        return dataclasses.replace(pace, tokens=min(pace.tokens, QUICK_TOKENS)) if self.quick else pace

    def say(self, text):
        print(f"== {text}", file=sys.stderr, flush=True)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)
            self.say(text)


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="tools/compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, metavar="FOLDER",
                        help="use this build as it is, and install nothing; default: build/release, made up to date")
    parser.add_argument("--scenarios", metavar="NAMES", help="these, with commas; default: all. --list shows them")
    parser.add_argument("--targets", metavar="NAMES", default=",".join(scenarios.TARGETS),
                        help=f"these, with commas; default: {','.join(scenarios.TARGETS)}")
    parser.add_argument("--target", type=parse_stranger, action="append", default=[],
                        metavar=FORM,
                        help="a gateway that runs already, in front of --simulator-port; may be repeated. A key that is "
                             "in the environment is in nobody's list of processes")
    parser.add_argument("--simulator-port", type=int, metavar="PORT", help="of the plain simulator; default: any")
    parser.add_argument("--rounds", type=int, help="of each scenario, at most; default: 5")
    parser.add_argument("--seconds", type=float, help="of one run, about; default: 2")
    parser.add_argument("--idle", type=int, default=10_000, help="idle connections; default: 10000")
    parser.add_argument("--quick", action="store_true", help="two rounds of half a second, fewer streams and connections")
    parser.add_argument("--instructions", action="store_true",
                        help="counts instructions too, by valgrind's callgrind; half a minute for each target")
    parser.add_argument("--urgent", action="store_true",
                        help="goes before all ordinary processes; as root, on a busy machine")
    parser.add_argument("--output", type=Path, metavar="FOLDER", default=ROOT / "build" / "compare",
                        help="where the report goes; default: build/compare")
    parser.add_argument("--publish", type=Path, metavar="REPORT.json",
                        help="measure nothing: write REPORT.md, REPORT.json and plots out of this report")
    parser.add_argument("--into", type=Path, metavar="FOLDER", default=ROOT / "bench",
                        help="where --publish writes; default: bench")
    parser.add_argument("--list", action="store_true", help="print the scenarios, and end")
    options = parser.parse_args(namespace=Options())
    options.notes = []
    if options.rounds is None:
        options.rounds = 2 if options.quick else 5
    if options.seconds is None:
        options.seconds = 0.5 if options.quick else 2
    if options.quick:
        options.idle = min(options.idle, 1000)
    options.targets = options.targets.split(",")
    for name in options.targets:
        if name not in scenarios.TARGETS:
            parser.error(f"there is no target {name!r} here; --target NAME=URL adds one")
    names = options.scenarios.split(",") if options.scenarios else [
        one.name for one in scenarios.SCENARIOS if options.instructions or not one.optional]
    options.scenarios = [scenarios.find(name) or parser.error(f"there is no scenario {name!r}") for name in names]
    if options.rounds < 1 or options.seconds <= 0 or options.idle < 1:
        parser.error("rounds, seconds and connections are positive numbers")
    taken = name_taken(options.target, scenarios.NAMES)
    if taken:
        parser.error(f"--target {taken}=...: there is a target {taken!r} already; give yours another name")
    if options.target and not options.simulator_port:
        parser.error("--target needs --simulator-port: how else would it know the simulator")
    return options


def find_programs(build, targets):
    programs = {
        "sluice": build / "sluice",
        "sluice-sim": build / "tools" / "simulator" / "sluice-sim",
        "sluice-load": build / "tools" / "load" / "sluice-load",
        "floor": build / "bench" / "floor" / "sluice-floor",
        "system-call": build / "bench" / "floor" / "sluice-system-call",
    }
    # Debian keeps them in a folder that is not on everybody's path.
    path = os.environ["PATH"] + ":/usr/sbin"
    programs |= {name: shutil.which(name, path=path) for name in ("haproxy", "nginx") if name in targets}
    for name, program in programs.items():
        if program is None or not os.access(program, os.X_OK):
            raise Trouble(f"there is no {name}: run tools/compare without --build")
    return {name: str(program) for name, program in programs.items()}


def versions(programs, options):
    def version(name):
        if name == "floor":
            return "sluice-floor, a bare io_uring relay that parses nothing"
        if name == "simulator":
            return machine.version_of(programs["sluice-sim"], "--version")
        if name.startswith("sluice"):
            name, option = "sluice", "--version"
        else:
            option = "-v"
        said = machine.version_of(programs[name], option)
        return " ".join(said.split()[:3]).replace("nginx version: nginx/", "nginx ")
    return ({name: version(name) for name in options.targets}
            | {stranger.name: stranger.url for stranger in options.target})


def command_line(arguments):
    """What was asked for, fit to be shown: without the keys of other gateways, and seen from this tree."""
    shown = [re.sub(r"(,key=)[^,]*", r"\1...", argument).replace(f"{ROOT}/", "") for argument in arguments]
    return "tools/compare " + shlex.join(shown)


def run(options, write):
    """What was found; `write(found)` is called whenever there is more of it."""
    folder = options.build or ROOT / "build" / "release"
    programs = find_programs(folder, options.targets)
    build = machine.describe_build(folder, programs["sluice"])
    if options.build and not build["doubt"]:
        build["doubt"] = "used as it was found: nobody saw to it that it is of these sources"
    cores = choose_cores()
    found = {
        "machine": machine.describe_machine()
        | {"system_call_ns": machine.system_call_ns(programs["system-call"], cores["proxy"], options.urgent)},
        "commit": machine.commit_of(ROOT), "build": build,
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "command": command_line(sys.argv[1:]),
        "rounds": options.rounds, "seconds": options.seconds, "quick": options.quick, "partial": None,
        "targets": versions(programs, options), "scenarios": {}, "notes": options.notes,
    }
    with Stage(programs, cores, options.urgent, options.target, options.simulator_port) as stage:
        for scenario in options.scenarios:
            try:
                options.say(f"{scenario.name}: {scenario.what}")
                result = importlib.import_module(scenario.kind).measure(stage, scenario, options)
            except BaseException as end:
                found["partial"] = f"It ended in {scenario.name}: {reason_of(end)}"
                write(found)
                raise
            found["scenarios"][scenario.name] = {"what": scenario.what, "unit": scenario.unit, **result}
            found["partial"] = None if scenario is options.scenarios[-1] else f"It ended behind {scenario.name}."
            print("\n" + report.scenario_text(scenario.name, found["scenarios"][scenario.name]) + "\n", flush=True)
            write(found)
    return found


def reason_of(end):
    if isinstance(end, (KeyboardInterrupt, SystemExit)):
        return "interrupted"
    return str(end) if isinstance(end, Trouble) else f"{type(end).__name__}: {end}"


def write_report(folder, found):
    found["budgets"] = budgets.verdicts(found["scenarios"], found["quick"])
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder, {"report.json": json.dumps(found, indent=1) + "\n", "report.md": report.as_markdown(found),
                         "report.html": report.as_html(found)})


def write_files(folder, texts):
    """Each at once: whoever is killed in between leaves the last one whole."""
    for name, text in texts.items():
        unfinished = folder / f".{name}.new"
        unfinished.write_text(text)
        unfinished.replace(folder / name)


def publish(source, folder):
    """The page of a report, to be kept with the sources. Plots of an earlier one go."""
    try:
        files = report.as_files(json.loads(source.read_text()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Trouble(f"{source} is no report of this program: {problem}") from problem
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder, files)
    for old in folder.glob("report-*.svg"):
        if old.name not in files:
            old.unlink()
    print(f"{folder / 'REPORT.md'}, REPORT.json and {len(files) - 2} files of plots")


def main():
    options = parse_arguments()
    if options.list:
        for scenario in scenarios.SCENARIOS:
            print(f"{scenario.name:<16}{scenario.what}")
        return 0
    if options.publish:
        publish(options.publish, options.into)
        return 0
    if options.urgent and os.geteuid() != 0:
        raise Trouble("--urgent needs root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started ends too
    found = run(options, lambda found: write_report(options.output, found))
    print(report.closing_text(found))
    print(f"\n{options.output}/report.html, report.md, report.json")
    if any(result["void"] for result in found["scenarios"].values()):
        return 1
    return 3 if budgets.broken(found["budgets"]) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Trouble as trouble:
        print(f"tools/compare: {trouble}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("tools/compare: interrupted", file=sys.stderr)
        sys.exit(1)
