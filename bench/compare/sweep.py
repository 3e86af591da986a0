"""Latency against load: an open loop at 10 to 90 % of what HAProxy can do, the same rates for all.

Latency counts from when a request was due, so a proxy that falls behind shows it (no coordinated
omission).
"""

import figures
from cost import LATENCY_METRICS, REFERENCE, Cost, check_log
from rounds import WARM_UP_SECONDS

SHARES = (10, 30, 50, 70, 90)  # per cent of saturation


def measure(stage, scenario, options):
    with stage.scene(scenario.part, options.targets_of(scenario)) as targets:
        return Sweep(stage, scenario, options, targets).measure()


class Sweep(Cost):
    def measure(self):
        saturation = self.warm_up()
        saturation.pop("direct", None)
        if not saturation:
            return self.result(curves={})  # nobody gave right answers, as `void` says
        self.reference = REFERENCE if REFERENCE in saturation else min(saturation, key=saturation.get)
        self.saturation = saturation[self.reference]
        self.play(self.options.rounds, [self.turn_at(share) for share in SHARES], shown="us_90")
        return self.result(curves={}, ratios=self.ratios_at(90), lines=self.plots(),
                           notes=[f"100 % is {self.saturation:.0f} requests/s, what {self.reference} can do; ratios are of CPU time at 90 %"])

    def turn_at(self, share):
        def turn(name):
            target = self.targets[name]
            results, run = self.load(target, [
                "--connections", str(self.scenario.connections),
                "--rate", f"{self.saturation * share / 100:.1f}", "--duration", str(self.options.seconds),
                "--warmup", str(WARM_UP_SECONDS)])
            if name == "sluice":
                check_log(target, results["all_requests"], self.scenario)
            found = {f"{metric}_{share}": results["latency_us"][metric] for metric in LATENCY_METRICS}
            if "us" in run:
                found[f"us_{share}"] = run["us"]
            return found | {"others": run["others"]}
        return turn

    def ratios_at(self, share):
        runs = {name: runs for name, runs in self.runs.items() if name not in self.void and runs}
        return figures.ratios(runs, f"us_{share}", self.scenario.bases)

    def plots(self):
        """What report.py draws: a value against load, of every target."""
        def points(metric):
            found = {}
            for name, runs in self.runs.items():
                values = [(share, figures.spread([run.get(f"{metric}_{share}") for run in runs])) for share in SHARES]
                found[name] = [(share, value["median"]) for share, value in values if value]
            return found
        load = f"% of {self.reference}'s saturation"
        return [{"title": "latency p50 against load", "points": points("p50"), "x": load, "y": "us", "y_log": True},
                {"title": "latency p99 against load", "points": points("p99"), "x": load, "y": "us", "y_log": True},
                {"title": "CPU us per request against load", "points": points("us"), "x": load, "y": "us"}]
