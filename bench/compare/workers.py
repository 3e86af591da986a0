"""Two workers beside one: the same cost per request, and twice the work per second?

Each worker has 64 callers, who ask as fast as they are answered. With four cores each worker has one
of its own, and load and simulator have two. With fewer all of them take turns on one core, so that
each finds the work of all its callers when it is its turn; they push each other out of its caches then,
and no line moves between two cores, so no budget is judged by that.
"""

import os

from cost import check_log
from gateways import Sluice
from processes import CORES_FOR_TWO_WORKERS
from rounds import WARM_UP_SECONDS, Rounds


def measure(stage, scenario, options):
    with stage.scene(scenario.part, options.targets_of(scenario)) as targets:
        return Workers(stage, scenario, options, targets).measure()


class Workers(Rounds):
    def measure(self):
        self.play(self.options.rounds, [self.closed_loop], shown="us")
        add_gain(self.runs.get("sluice-2", []), self.runs.get("sluice", []))
        shared = shared_core(len(os.sched_getaffinity(0)))
        return self.result(curves={}, shared_core=shared,
                           notes=[f"{shared} and its caches" if shared else "each worker on a core of its own"])

    def closed_loop(self, name):
        target = self.targets[name]
        workers = getattr(target, "workers", 1)
        cores = self.stage.cores["loads"]
        connections = self.scenario.connections * workers // len(cores)
        arguments = ["--connections", str(connections), "--duration", str(self.options.seconds),
                     "--warmup", str(WARM_UP_SECONDS), "--cooldown", str(WARM_UP_SECONDS), *self.scenario.load]
        results, run = self.watch(target, lambda: self.load_from(cores, target, arguments))
        requests = sum(each["all_requests"] for each in results)
        dropped = check_log(target, requests, self.scenario) if isinstance(target, Sluice) else 0
        return run | {"requests_per_second": sum(each["per_second"] for each in results), "log_lines_dropped": dropped}

    def load_from(self, cores, target, arguments):
        """A load on each core, all at once: one alone may be slower than two workers."""
        seconds_max = 120 + 20 * self.options.seconds
        loads = [self.stage.start_load(target, [*arguments, "--seed", str(1 + number)], core=core)
                 for number, core in enumerate(cores)]
        try:
            return [self.stage.end_load(target, load, seconds_max) for load in loads]
        finally:
            for load in loads:
                if load.poll() is None:  # another one failed
                    load.kill()
                    load.communicate()


def add_gain(two, one):
    """Writes into each run of two workers how much of the one's work per second they did in that round."""
    for ours, theirs in zip(two, one):
        if theirs.get("requests_per_second"):
            ours["gain"] = ours["requests_per_second"] / theirs["requests_per_second"]


def shared_core(cores):
    """Why work per second is not told, or None."""
    return None if cores >= CORES_FOR_TWO_WORKERS else f"{cores} cores, so that the two workers share one"
