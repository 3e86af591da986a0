"""Streams at a provider's pace, many at a time: what a proxy does to their rhythm, and what it holds.

Streams begin evenly spread, so many that the number asked for is under way at once. What counts is a
window in the middle: a stream's length before it the first ones begin, and for as long behind it
others go on to begin, so that all that is told is of the full number. Told are the time to the
first event and the gap between two, both beside the simulator alone; processor time per event; and
memory per stream, which is the process's peak less what it held before, divided by the number that
are under way at once.

Each run has a simulator and a proxy of its own: the connections that proxies keep would together be
more than one simulator may have open.
"""

import math

from rounds import Rounds

METRICS = ("p50", "p99", "p99_9")
BUSY = 0.95  # of the connections are streams: an arrival should find one free


def measure(stage, scenario, options):
    return Paced(stage, scenario, options, dict.fromkeys(["direct", *options.targets_of(scenario)])).measure()


class Paced(Rounds):
    def measure(self):
        sockets_max = int(0.45 * self.stage.descriptors_max)  # on each side of a proxy, and some in between
        wanted = self.options.streams_of(self.scenario)
        self.streams = min(wanted, int(BUSY * sockets_max))
        self.pace = self.options.pace_of(self.scenario)
        self.rate = self.streams / self.pace.seconds
        fewer = f" of {wanted} (a process may have {self.stage.descriptors_max} files open)" if self.streams < wanted else ""
        self.play(min(self.options.rounds, self.scenario.rounds_max), [self.run_alone], shown="us")
        self.add_over_direct([f"{span}_{metric}" for span in ("first", "gap") for metric in METRICS])
        return self.result(curves=self.curves(gap_curve="gap between events", first_curve="time to the first event"),
                           notes=[f"{self.streams}{fewer} streams at once, {self.rate * self.pace.tokens:.0f} events/s"])

    def run_alone(self, name):
        with self.stage.scene(self.scenario.part, [] if name == "direct" else [name]) as targets:
            target = targets[name]
            idle_bytes = target.resident_bytes()
            # With few and short streams: what a proxy sets aside once is not to count as theirs.
            self.stage.load(target, ["--connections", "16", "--requests", "32", "--tokens", "4",
                                     *self.scenario.load], 120)
            before = target.resident_bytes()
            run = self.open_loop(target) | {"streams": self.streams}
            if before is not None:
                run |= {"idle_bytes": idle_bytes, "peak_bytes": target.peak_bytes()}
                run["stream_bytes"] = (run["peak_bytes"] - before) / self.streams
        return run

    def open_loop(self, target):
        ramp = f"{self.pace.seconds:.3f}"
        seconds = max(self.pace.seconds, self.options.seconds)
        results, run = self.load(target, ["--connections", str(math.ceil(self.streams / BUSY)),
                                          "--rate", f"{self.rate:.2f}", "--warmup", ramp, "--duration", f"{seconds:.3f}",
                                          "--cooldown", ramp, "--tokens", str(self.pace.tokens)])
        for span in ("first", "gap"):
            spans = results["first_content_us" if span == "first" else "gap_us"]
            run |= {f"{span}_{metric}": spans[metric] for metric in METRICS}
            run[f"{span}_curve"] = spans["curve"]
        return run
