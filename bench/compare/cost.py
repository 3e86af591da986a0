"""Processor time per unit of work in a closed loop, and latency in an open one at half of that.

A round asks each target twice: so many requests as fast as it can, which gives the cost; then a
rate that is the same for all, which gives latency, with the simulator itself among them. Warm-up is
not counted. System calls are counted in runs of their own, behind the timed ones.
"""

import json

from gateways import Sluice
from processes import Trouble
from rounds import WARM_UP_SECONDS, Rounds
from system_calls import SystemCalls

LATENCY_METRICS = ("p50", "p99", "p99_9")
REFERENCE = "haproxy"  # half of its saturation is the rate at which latency is compared


def measure(stage, scenario, options):
    with stage.scene(scenario.part, options.targets_of(scenario)) as targets:
        return Cost(stage, scenario, options, targets).measure()


class Cost(Rounds):
    def measure(self):
        idle_bytes = self.resident_bytes()
        saturation = self.warm_up()
        direct_rate = saturation.pop("direct", None)
        self.requests = {name: max(self.scenario.connections * 4, int(rate * self.options.seconds))
                         for name, rate in saturation.items()}
        self.half_rate = (saturation.get(REFERENCE) or min(saturation.values(), default=0)) / 2
        turns = [self.closed_loop] + ([self.open_loop] if self.scenario.latency else [])
        self.play(self.options.rounds, turns, shown="us")
        self.add_over_direct(LATENCY_METRICS)
        self.keep_memory(idle_bytes)
        self.count_system_calls()
        return self.result(curves=self.curves(latency_curve="latency at half load"),
                           half_rate=self.half_rate if self.scenario.latency else None,
                           direct_rate=direct_rate)

    def warm_up(self):
        """Requests per second of each target, as fast as it can."""
        few = self.scenario.connections * 20
        rates = {}
        for name, target in self.each():
            for _ in range(2):
                count = max(few, int(rates.get(name, 0)))
                run = self.guard(name, self.as_fast_as_it_can, target, count)
                if run:
                    rates[name] = run["requests_per_second"]
        return {name: rate for name, rate in rates.items() if name not in self.void}

    def closed_loop(self, name):
        return {} if name == "direct" else self.as_fast_as_it_can(self.targets[name], self.requests[name])

    def as_fast_as_it_can(self, target, requests):
        results, run = self.load(target, [
            "--connections", str(self.scenario.connections), "--requests", str(requests)])
        run |= {"requests_per_second": results["requests"] / results["seconds"], "requests": results["requests"],
                "retries": results["retries"]}
        if self.scenario.unit == "event":
            run["events_per_second"] = results["events"] / results["seconds"]
        if isinstance(target, Sluice):
            run["log_lines_dropped"] = check_log(target, requests, self.scenario)
        return run

    def open_loop(self, name):
        """Latency at the rate that is the same for all."""
        target = self.targets[name]
        results, run = self.load(target, [
            "--connections", str(self.scenario.connections), "--rate", f"{self.half_rate:.1f}",
            "--duration", str(self.options.seconds), "--warmup", str(WARM_UP_SECONDS)])
        if isinstance(target, Sluice):
            check_log(target, results["all_requests"], self.scenario)
        spans = results["latency_us"]
        return {metric: spans[metric] for metric in LATENCY_METRICS} | {
            "latency_curve": spans["curve"], "others": run["others"]}

    def count_system_calls(self):
        for name, target in self.each(but=("direct",)):
            counter = SystemCalls(target.pids)
            try:
                if counter.why_not:
                    self.options.note(f"system calls were not counted: {counter.why_not}")
                    return
                before = counter.read()
                requests = max(self.scenario.connections * 4, self.requests[name] // 4)
                self.guard(name, self.as_fast_as_it_can, target, requests)
                calls = (counter.read() - before) / requests
            finally:
                counter.close()
            for run in self.runs[name]:
                run["calls"] = calls


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
