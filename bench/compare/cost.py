"""Processor time per unit of work in a closed loop, and latency in an open one at half of that.

Rounds are interleaved and their order rotates. A round asks each target twice: so many requests as
fast as it can, which gives the cost; then a rate that is the same for all, which gives latency,
with the simulator itself among them. Warm-up is not counted. System calls are counted in runs of
their own, behind the timed ones.
"""

import json
import time

import figures
from machine import Machine
from processes import Trouble, usage_of
from stage import WrongAnswer
from system_calls import SystemCalls

LATENCY_METRICS = ("p50", "p99", "p99_9")
CURVE_TITLE = "latency at half load"
REFERENCE = "haproxy"  # half of its saturation is the rate at which latency is compared


def measure(stage, scenario, options):
    """{"targets", "ratios", "curves", "runs", "others", "void", "notes"}"""
    with stage.scene(scenario.part, options.targets_of(scenario)) as targets:
        return Comparison(stage, scenario, options, targets).run()


class Comparison:
    def __init__(self, stage, scenario, options, targets):
        self._stage = stage
        self._scenario = scenario
        self._options = options
        self._targets = {name: target for name, target in targets.items() if name != "direct" or scenario.direct}
        self._runs = {name: [] for name in self._targets}
        self._void = {}

    def run(self):
        idle_bytes = {name: resident_bytes(target) for name, target in self._each(but=("direct",))}
        saturation = self._warm_up()
        self._count = {name: max(self._scenario.connections * 4, int(rate * self._options.seconds))
                       for name, rate in saturation.items()}
        reference = saturation.get(REFERENCE) or min(saturation.values(), default=0)
        self._half_rate = reference / 2
        for number in range(self._options.rounds):
            self._round(number)
        for name, target in self._each(but=("direct",)):
            for run in self._runs[name]:
                run["idle_bytes"] = idle_bytes[name]
                run["peak_bytes"] = peak_bytes(target)
        self._count_system_calls()
        return self._result()

    def _each(self, but=()):
        """Targets that have given no wrong answer yet."""
        return [(name, target) for name, target in self._targets.items()
                if name not in self._void and name not in but]

    def _guard(self, name, work, *arguments):
        """What work returns, or None after a wrong answer, which takes the target's numbers."""
        try:
            return work(*arguments)
        except WrongAnswer as wrong:
            self._void[name] = str(wrong)
            self._options.say(f"{self._scenario.name}: NO NUMBERS for {name}: {wrong}")
            return None

    def _warm_up(self):
        """Requests per second of each target, as fast as it can."""
        rates = {}
        few = self._scenario.connections * 20
        for name, target in self._each():
            for count in (few, None):
                count = count or max(few, int(rates[name]))
                run = self._guard(name, self._closed_loop, target, count)
                if run is None:
                    break
                rates[name] = run["requests_per_second"]
        self._direct_rate = rates.pop("direct", None)
        return {name: rate for name, rate in rates.items() if name not in self._void}

    def _round(self, number):
        order = figures.rotated([name for name, _ in self._each()], number)
        found = {}
        for name in order:
            if name != "direct":
                found[name] = self._guard(name, self._closed_loop, self._targets[name], self._count[name])
        if self._scenario.latency:
            for name in order:
                if name not in self._void:
                    latency = self._guard(name, self._open_loop, self._targets[name])
                    found[name] = {**(found.get(name) or {}), **(latency or {})}
        for name in order:
            if name not in self._void:
                self._runs[name].append(found.get(name) or {})
        if self._scenario.latency and "direct" in found:
            for name, run in found.items():
                if run:
                    figures.added([run], [found["direct"]], LATENCY_METRICS)
        self._options.say(f"{self._scenario.name} round {number + 1}/{self._options.rounds}: " + ", ".join(
            f"{name} {run['us']:.2f} us" for name, run in found.items() if run and "us" in run))

    def _closed_loop(self, target, requests):
        """One run of so many requests, as fast as the target can."""
        arguments = ["--connections", str(self._scenario.connections), "--requests", str(requests),
                     *self._scenario.load]
        simulator = self._stage.simulator
        pids = getattr(target, "pids", ())
        machine, simulator_before, before = Machine(), simulator.usage(), usage_of(pids)
        began = time.monotonic()
        results = self._load(target, arguments)
        elapsed = time.monotonic() - began
        user, system = usage_of(pids).since(before)
        busy, stolen, whole = machine.used()
        ours = user + system + sum(simulator.usage().since(simulator_before)) + results["client_cpu_seconds"]
        run = {"requests_per_second": results["requests"] / results["seconds"],
               "others": max(0.0, busy - ours + stolen) / whole,  # of the whole machine
               "requests": results["requests"], "retries": results["retries"]}
        if self._scenario.unit == "event":
            run["events_per_second"] = results["events"] / results["seconds"]
        if pids:
            units = results[self._scenario.unit + "s"]
            run |= {"us": (user + system) / units * 1e6, "user_us": user / units * 1e6,
                    "system_us": system / units * 1e6, "core_used": (user + system) / elapsed}
        if target.name == "sluice":
            run["log_lines_dropped"] = check_log(target, requests, self._scenario)
        return run

    def _open_loop(self, target):
        """Latency at the rate that is the same for all."""
        results = self._load(target, [
            "--connections", str(self._scenario.connections), "--rate", f"{self._half_rate:.1f}",
            "--duration", str(self._options.seconds), *self._scenario.load])
        if target.name == "sluice":
            check_log(target, results["requests"], self._scenario)
        spans = results["latency_us"]
        run = {metric: spans[metric] for metric in LATENCY_METRICS}
        run["curve"] = spans.get("curve", [])
        return run

    def _load(self, target, arguments):
        return self._stage.load(target, arguments, 60 + 20 * self._options.seconds, self._scenario.key)

    def _count_system_calls(self):
        for name, target in self._each(but=("direct",)):
            pids = getattr(target, "pids", ())
            if not pids or not self._runs[name]:
                continue
            counter = SystemCalls(pids)
            try:
                if counter.why_not:
                    self._options.note(f"system calls were not counted: {counter.why_not}")
                    return
                before = counter.read()
                requests = max(self._scenario.connections * 4, self._count[name] // 4)
                self._guard(name, self._closed_loop, target, requests)
                calls = (counter.read() - before) / requests
            finally:
                counter.close()
            for run in self._runs.get(name, ()):
                run["calls"] = calls

    def _result(self):
        runs = {name: runs for name, runs in self._runs.items() if name not in self._void and runs}
        others = figures.spread([run.get("others") for each in runs.values() for run in each])
        curves = {name: figures.median_curve([run.get("curve") for run in each]) for name, each in runs.items()}
        curves = {name: curve for name, curve in curves.items() if curve}
        return {
            "targets": {name: figures.spreads(each) for name, each in runs.items()},
            "ratios": figures.ratios(runs, "us", ("haproxy", "floor")),
            "curves": {CURVE_TITLE: curves} if curves else {},
            "half_rate": self._half_rate if self._scenario.latency else None,
            "direct_rate": self._direct_rate,
            "others": others,
            "void": self._void,
            "runs": runs,
        }


def resident_bytes(target):
    return target.resident_bytes() if hasattr(target, "resident_bytes") else None


def peak_bytes(target):
    return target.peak_bytes() if hasattr(target, "peak_bytes") else None


def check_log(sluice, requests, scenario):
    """Requests have their lines, with what they used: the work that is measured was done.

    Returns how many lines the gateway dropped because the log's thread had no turn.
    """
    lines = sluice.take_log(requests)
    if not requests / 2 < len(lines) <= requests:
        raise Trouble(f"sluice logged {len(lines)} lines for {requests} requests")
    for line in (lines[0], lines[-1]) if scenario.counts_tokens else ():
        entry = json.loads(line)
        if not any("tokens" in name and value for name, value in entry.items()):
            raise Trouble(f"sluice did not count tokens in {scenario.name}: {line.decode(errors='replace')}")
    return requests - len(lines)
