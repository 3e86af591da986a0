"""Small streams beside a burden that is none of their business: do they notice?

A round asks each target for small streams at a fixed rate, first alone and then while somebody else
sends large bodies through it or reads large answers slowly. The burden is checked as well. Memory
per burden is the process's peak less what it held before, divided by the burden's connections.
"""

import time

from processes import Trouble
from rounds import WARM_UP_SECONDS, Rounds

SMALL = ("--stream", "--include-usage", "--tokens", "64", "--connections", "64", "--rate", "400")
LEAD_SECONDS = 2  # for the burden to fill what buffers there are before the small streams begin
METRICS = ("p50", "p99")


def measure(stage, scenario, options):
    return Beside(stage, scenario, options, dict.fromkeys(["direct", *options.targets_of(scenario)])).measure()


class Beside(Rounds):
    def measure(self):
        self.play(min(self.options.rounds, self.scenario.rounds_max), [self.run_alone], shown="beside_p99")
        self.add_over_direct([f"beside_{metric}" for metric in METRICS])
        return self.result(curves=self.curves(alone_curve="small streams alone", beside_curve="beside the burden"))

    def run_alone(self, name):
        """Alone in the scene, so that peak memory is of this burden."""
        with self.stage.scene(self.scenario.part, [] if name == "direct" else [name]) as targets:
            target = targets[name]
            self.small(target)  # warm-up
            before = target.resident_bytes()
            run = self.small(target, "alone")
            burden = self.stage.start_load(target, self.burden())
            try:
                time.sleep(LEAD_SECONDS)
                run |= self.small(target, "beside")
                if burden.poll() is not None and burden.returncode == 0:
                    raise Trouble(f"{self.scenario.name}: the burden was gone before the small streams were")
            except BaseException:
                burden.kill()
                burden.communicate()
                raise
            self.stage.end_load(target, burden, 120 + 20 * self.options.seconds)
            if before is not None:
                run["peak_bytes"] = target.peak_bytes()
                run["stream_bytes"] = (run["peak_bytes"] - before) / self.scenario.connections
        return run

    def burden(self):
        """Its end is far enough: behind that of the small streams."""
        seconds = LEAD_SECONDS + self.options.seconds + 2
        return [argument.format(seconds=seconds) for argument in self.scenario.burden]

    def small(self, target, called=None):
        results, run = self.load(target, [*SMALL, "--duration", str(self.options.seconds),
                                          "--warmup", str(WARM_UP_SECONDS)])
        if called is None:
            return {}
        spans = results["latency_us"]
        found = {f"{called}_{metric}": spans[metric] for metric in METRICS} | {f"{called}_curve": spans["curve"]}
        if called == "alone":  # beside it, the burden's own load would count as somebody else's
            found["others"] = run["others"]
        return found
