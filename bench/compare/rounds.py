"""What all measurements of one scenario share: targets that take turns, and what became of them.

A target that gives a wrong answer, or fails otherwise, leaves: its numbers are thrown away, its
reason is kept, and the others go on.
"""

import time

import figures
from machine import Machine
from processes import Trouble, usage_of

# Of an open loop: what comes first makes the connections, here and at the provider, and is no
# latency of a request.
WARM_UP_SECONDS = 0.5


class Rounds:
    """Derived classes say what one target does in a round, and what is computed behind a round."""

    def __init__(self, stage, scenario, options, targets):
        self.stage = stage
        self.scenario = scenario
        self.options = options
        self.targets = {name: target for name, target in targets.items() if name != "direct" or scenario.direct}
        self.runs = {name: [] for name in self.targets}
        self.void = {}

    def each(self, but=()):
        """Targets that have given no wrong answer yet."""
        return [(name, target) for name, target in self.targets.items()
                if name not in self.void and name not in but]

    def guard(self, name, work, *arguments):
        """What work returns, or None after a wrong answer or another failure, which takes the target's numbers."""
        if name in self.void:
            return None
        try:
            return work(*arguments)
        except (Trouble, OSError) as failure:
            self.void[name] = str(failure)
            self.options.say(f"{self.scenario.name}: NO NUMBERS for {name}: {failure}")
            return None

    def play(self, rounds, turns, shown):
        """So many rounds. In each, every turn is taken by every target, in an order that rotates.

        A turn is a function of a target's name that returns {metric: number}. `shown` is the metric
        that is told while it goes on.
        """
        for number in range(rounds):
            order = figures.rotated([name for name, _ in self.each()], number)
            found = {name: {} for name in order}
            for turn in turns:
                for name in order:
                    more = self.guard(name, turn, name) or {}
                    others = [each["others"] for each in (found[name], more) if "others" in each]
                    found[name] |= more
                    if others:  # the busiest of its turns is what makes a round doubtful
                        found[name]["others"] = max(others)
            for name, run in found.items():
                if name not in self.void:
                    self.runs[name].append(run)
            self.options.say(f"{self.scenario.name} round {number + 1}/{rounds}: " + ", ".join(
                f"{name} {run[shown]:.2f} us" for name, run in found.items() if shown in run))

    def add_over_direct(self, metrics):
        for runs in self.runs.values():
            figures.added(runs, self.runs.get("direct", []), metrics)

    def keep_memory(self, idle_bytes):
        """Writes idle and peak memory into every run: they are of the whole scenario."""
        for name, target in self.each(but=("direct",)):
            for run in self.runs[name]:
                run["idle_bytes"] = idle_bytes[name]
                run["peak_bytes"] = target.peak_bytes()

    def resident_bytes(self):
        return {name: target.resident_bytes() for name, target in self.each(but=("direct",))}

    def load(self, target, arguments):
        """One load: (its results, the run so far: what processors did meanwhile)."""
        results, run = self.watch(target, lambda: [self.stage.load(
            target, [*arguments, *self.scenario.load], 120 + 20 * self.options.seconds, self.scenario.key)])
        return results[0], run

    def watch(self, target, work):
        """(what work returns, which is the results of loads; what processors did meanwhile).

        Their time is divided by all that was sent meanwhile, warm-up and cool-down included.
        """
        simulators, pids = [each.pid for each in self.stage.simulators], target.pids
        machine, simulators_before, before = Machine(), usage_of(simulators), usage_of(pids)
        began = time.monotonic()
        results = work()
        elapsed = time.monotonic() - began
        user, system = usage_of(pids).since(before)
        busy, stolen, whole = machine.used()
        ours = user + system + sum(usage_of(simulators).since(simulators_before))
        ours += sum(each["client_cpu_seconds"] for each in results)
        run = {"others": max(0.0, busy - ours + stolen) / whole}  # of the whole machine
        if pids:
            units = max(1, sum(each[f"all_{self.scenario.unit}s"] for each in results))
            run |= {"us": (user + system) / units * 1e6, "user_us": user / units * 1e6,
                    "system_us": system / units * 1e6, "core_used": (user + system) / elapsed}
        return results, run

    def result(self, **more):
        runs = {name: runs for name, runs in self.runs.items() if name not in self.void and runs}
        others = figures.spread([run.get("others") for each in runs.values() for run in each])
        return {
            "targets": {name: figures.spreads(each) for name, each in runs.items()},
            "ratios": figures.ratios(runs, "us", self.scenario.bases),
            "others": others,
            "noisy": figures.noisy(others),
            "void": self.void,
            "runs": runs,
            **more,
        }

    def curves(self, **titles):
        """{title: {target: curve}} of the runs' members that hold curves."""
        found = {}
        for member, title in titles.items():
            by_target = {name: figures.median_curve([run.get(member) for run in runs])
                         for name, runs in self.runs.items() if name not in self.void}
            by_target = {name: curve for name, curve in by_target.items() if curve}
            if by_target:
                found[title] = by_target
        return found
