"""The benchmark programs of a build: finds them, runs them, and reads what they say."""

import dataclasses
import json
import os
import subprocess

SECONDS_MAX = 600  # of one program in one round: it hangs
TO_NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


class Trouble(Exception):
    """One sentence for whoever runs the benchmarks."""


@dataclasses.dataclass(frozen=True)
class Build:
    name: str
    folder: object  # a Path

    def programs(self, pattern):
        """{path: its benchmarks that the pattern finds}, of programs that have some."""
        paths = [path for path in sorted(self.folder.glob("bench/*/*_bench")) if path.is_file()]
        if not paths:
            raise Trouble(f"there are no benchmarks in {self.folder}: run tools/bench without --build")
        found = {path: listed(path, pattern) for path in paths}
        return {path: names for path, names in found.items() if names}


def listed(program, pattern):
    """The names of its benchmarks that the pattern finds."""
    done = call(program, ["--benchmark_list_tests=true", f"--benchmark_filter={pattern}"])
    if done.returncode != 0 and "Failed to match" not in done.stderr:
        raise Trouble(f"{program} ended with status {done.returncode}: {last_line(done.stderr)}")
    return done.stdout.split()


def run(program, pattern, seconds, core):
    """({benchmark: {metric: number}}, {benchmark: why it has none}). A crash voids the program."""
    try:
        done = call(program, ["--benchmark_format=json", f"--benchmark_filter={pattern}",
                              f"--benchmark_min_time={seconds}"], core)
    except subprocess.TimeoutExpired:
        return {}, {program.name: f"did not end within {SECONDS_MAX} s"}
    try:
        said = json.loads(done.stdout)["benchmarks"]
    except (ValueError, KeyError):
        return {}, {program.name: f"ended with status {done.returncode}: {last_line(done.stderr)}"}
    figures, failed = read(said)
    if done.returncode != 0:
        failed[program.name] = f"ended with status {done.returncode}: {last_line(done.stderr)}"
    return figures, failed


def read(benchmarks):
    """What Google Benchmark's JSON says of each of its benchmarks, in the same two halves."""
    figures, failed = {}, {}
    for one in benchmarks:
        if one.get("run_type") == "aggregate":
            continue
        if one.get("error_occurred"):
            failed[one["name"]] = one.get("error_message", "it says not why")
        elif one.get("iterations", 0) == 0:
            failed[one["name"]] = "it ran not once"
        else:
            figures[one["name"]] = {"ns": one["cpu_time"] * TO_NANOSECONDS[one["time_unit"]]} | {
                rate: one[rate] for rate in ("bytes_per_second", "items_per_second") if rate in one}
    return figures, failed


def call(program, arguments, core=None):
    return subprocess.run(
        [str(program), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=SECONDS_MAX, preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}))


def last_line(text):
    return (text.strip().splitlines() or ["it said nothing"])[-1]
