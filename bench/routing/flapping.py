"""What scoring by health does to latency and success where one of two providers goes up and down."""

import asyncio

import figures
from callers import open_loop, quantile
from stage import Stage, model, provider, requests_of

ROUNDS = 3
SECONDS = 90.0
RATE = 25  # requests per second, of each arm
PERIOD_MS, DOWN_MS, LATE_MS = 30_000, 10_000, 3_000
BIN_SECONDS = 2.0
STEADY = ["--ttft-ms", "150", "--spread", "lognormal", "--gap-ms", "5", "--tokens", "30"]
DOWN = f"every:{PERIOD_MS}:{DOWN_MS}"
FLAPPING = [*STEADY, "--fault-rate", f"0.5:{DOWN}:status:503", "--fault-rate", f"1:{DOWN}:slow-head:{LATE_MS}"]

NO_HEALTH = '[routing]\nstrategy = "order"\n[health]\nfailures_to_open = 1000000\nejected_percent_max = 0\n'
BY_SCORE = '[routing]\nstrategy = "score"\n'
ARMS = ("round robin, alone", "round robin, fallback", "score")
COLUMNS = (("answered", "answered %", 2), ("p50", "p50 ms", 0), ("p99", "p99 ms", 0),
           ("flapping_share", "requests to the flapping one %", 1), ("extra_attempts", "extra attempts %", 1))


async def measure(programs, rounds, seconds):
    runs = {name: [] for name in ARMS}
    seen = {name: [] for name in ARMS}
    for number in range(rounds):
        # All arms at the same time, each with its own processes: what the machine does it does to all.
        with Stage(programs) as stage:
            played = await asyncio.gather(*(play(stage, name, seconds, number) for name in ARMS))
        for name, (run, requests) in zip(ARMS, played):
            runs[name].append(run)
            seen[name] += requests
    return {"what": WHAT, "columns": COLUMNS, "arms": {name: figures.spreads(each) for name, each in runs.items()},
            "runs": runs, "notes": NOTES,
            "panels": [("lines", "Answered, % of the requests due", over_time(seen, share_answered), "seconds", "%"),
                       ("lines", "Latency of the answers, p99", over_time(seen, p99), "seconds", "ms")]}


async def play(stage, name, seconds, number):
    label = name.replace(" ", "-").replace(",", "")
    ports = [stage.simulator(f"{label}-{each}", options, 100 * number + each)
             for each, options in enumerate((STEADY, FLAPPING))]
    seen = await open_loop(target_of(stage, name, label, ports), RATE, seconds)
    asked = [requests_of(port) for port in ports]
    whole_ms = [each.whole_ms for each in seen if each.ok]
    return {"answered": 100 * len(whole_ms) / len(seen), "p50": quantile(whole_ms, 0.5), "p99": quantile(whole_ms, 0.99),
            "flapping_share": 100 * asked[1] / sum(asked), "extra_attempts": 100 * (sum(asked) / len(seen) - 1)}, seen


def target_of(stage, name, label, ports):
    """A request's number to (port, model)."""
    if name == "round robin, alone":
        return lambda number: (ports[number % 2], "simulated")
    providers = "".join(provider(f"p{each}", port) for each, port in enumerate(ports))
    if name == "score":
        # The one that flaps stands first, and goes first while nothing is known.
        gateway = stage.gateway(label, providers + BY_SCORE + model("m", ["p1", "p0"]))
        return lambda _: (gateway, "m")
    # Two models with the same deployments in either order, asked in turn: a round robin that falls back.
    gateway = stage.gateway(label, providers + NO_HEALTH + model("m0", ["p0", "p1"]) + model("m1", ["p1", "p0"]))
    return lambda number: (gateway, f"m{number % 2}")


def over_time(seen, value_of):
    """{arm: [(seconds, value), ...]}, all rounds together."""
    found = {}
    for name, requests in seen.items():
        bins = {}
        for each in requests:
            bins.setdefault(int(each.due / BIN_SECONDS), []).append(each)
        values = [((number + 0.5) * BIN_SECONDS, value_of(bins[number])) for number in sorted(bins)]
        found[name] = [(at, value) for at, value in values if value is not None]
    return found


def share_answered(requests):
    return 100 * sum(each.ok for each in requests) / len(requests)


def p99(requests):
    return quantile([each.whole_ms for each in requests if each.ok], 0.99)


WHAT = (f"Two providers alike (first token after 150 ms, lognormal, 30 tokens), one of which is down for the first "
        f"{DOWN_MS // 1000} s of every {PERIOD_MS // 1000} s: half of what it is asked it answers 503, the rest "
        f"{LATE_MS // 1000} s late. {RATE} streams a second to each arm.")
NOTES = [
    "No strategy of the gateway is a plain round robin (`weighted` draws by weight *and* uptime). So it is made by who "
    "asks: *alone* asks the two providers in turn, without a gateway; *fallback* asks a gateway in turn for two models "
    "that have the same two deployments in either order, with `order`, breaker and ejection off: each failure is made "
    "good by the other provider, but nothing is learnt. *score* is `strategy = \"score\"` with its defaults, and the flapping provider first "
    "in the file.",
    "Latency is that of whole answers, from when the request was due to its last byte; what was not answered has none. "
    "Plots: bins of 2 s, all rounds together; of what is answered, *fallback* lies below *score*, at 100 %.",
    "While it is up the flapping provider is as good as the other: *score* loses nothing by staying away from it, and "
    "looks at it now and then (`exploration`), which is what its rare late answers are.",
]
