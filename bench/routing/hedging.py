"""What a hedge does to the time to the first token where a provider has a long tail, and what it costs."""

import asyncio

import figures
from callers import TOKENS_PER_PROMPT, curve, open_loop, quantile
from stage import Stage, model, provider, requests_of

ROUNDS = 5
SECONDS = 30.0
RATE = 25  # requests per second, of each arm
WARM_UP_SECONDS = 5.0  # in which the gateway learns how long a first token takes
TOKENS = 30
SIMULATOR = ["--ttft-ms", "150", "--spread", "lognormal", "--gap-ms", "5", "--tokens", str(TOKENS),
             "--fault-rate", "0.05:slow-head:2000:5000"]
PRICE_IN, PRICE_OUT = 0.25, 2.0  # dollars per million tokens, as stage.model() has them

ARMS = {
    "hedge off": "enabled = false",
    "learned": "enabled = true",
    "after 400 ms": "enabled = true\ndelay_ms = 400\nbudget = 0.1",
}
COLUMNS = (("p50", "p50 ms", 0), ("p95", "p95 ms", 0), ("p99", "p99 ms", 0), ("extra_attempts", "extra attempts %", 1),
           ("extra_cost_least", "extra cost %, at least", 1), ("extra_cost_most", "at most", 1),
           ("answered", "answered %", 2))


async def measure(programs, rounds, seconds):
    runs = {name: [] for name in ARMS}
    waits = {name: [] for name in ARMS}
    for number in range(rounds):
        # All arms at the same time, each with its own processes: what the machine does it does to all.
        with Stage(programs) as stage:
            played = await asyncio.gather(*(play(stage, name, seconds, number) for name in ARMS))
        for name, (run, first_ms) in zip(ARMS, played):
            runs[name].append(run)
            waits[name] += first_ms
    to_off = {name: figures.ratio(runs[name], runs["hedge off"], "p99") for name in ARMS if name != "hedge off"}
    return {"what": WHAT, "columns": COLUMNS, "arms": {name: figures.spreads(each) for name, each in runs.items()},
            "runs": runs, "notes": [*NOTES, *(said_of(name, ratio) for name, ratio in to_off.items() if ratio)],
            "panels": [("curves", "Time to the first token, by how many waited at most so long",
                        {name: curve(values) for name, values in waits.items()}, "ms")]}


async def play(stage, name, seconds, number):
    label = name.replace(" ", "-")
    ports = [stage.simulator(f"{label}-{each}", SIMULATOR, 100 * number + each) for each in range(2)]
    config = "".join(provider(f"p{each}", port) for each, port in enumerate(ports))
    config += f'[routing]\nstrategy = "order"\n[routing.hedge]\n{ARMS[name]}\n' + model("m", ["p0", "p1"])
    gateway = stage.gateway(label, config)
    seen = await open_loop(lambda _: (gateway, "m"), RATE, WARM_UP_SECONDS + seconds)
    asked = sum(requests_of(port) for port in ports)
    measured = [each for each in seen if each.due >= WARM_UP_SECONDS]
    first_ms = [each.first_ms for each in measured if each.ok]
    extra = 100 * (asked / len(seen) - 1)
    return {"p50": quantile(first_ms, 0.5), "p95": quantile(first_ms, 0.95), "p99": quantile(first_ms, 0.99),
            "extra_attempts": extra, "extra_cost_least": extra * share_of_prompt(), "extra_cost_most": extra,
            "answered": 100 * len(first_ms) / len(measured)}, first_ms


def share_of_prompt():
    """Of what a whole answer costs."""
    prompt, answer = TOKENS_PER_PROMPT * PRICE_IN, TOKENS * PRICE_OUT
    return prompt / (prompt + answer)


def said_of(name, ratio):
    return (f"p99 with *{name}* is {ratio['median']:.2f} ({ratio['min']:.2f}-{ratio['max']:.2f}) times that without, "
            "round by round")


WHAT = (f"Two providers whose first token takes 150 ms (lognormal), and of one answer in twenty 2 to 5 s more. {RATE} "
        f"streams a second to each arm, {TOKENS} tokens, the first {WARM_UP_SECONDS:g} s not counted.")
NOTES = [
    "Waits count from when a request was due to its first content at the client; the rounds' medians, least and most.",
    "*learned*: as `enabled = true` alone has it: after as long as 19 of 20 of the provider's streams took, at most 5 % "
    "of the requests. *after 400 ms*: `delay_ms = 400`, `budget = 0.1`.",
    "More requests outlast the learned delay than its budget of 5 % lets be hedged: with a tail as wide as the budget, "
    "those that are a little slow use up what the late ones need (`sluice_upstream_hedges_over_budget_total` counts "
    "them). A larger budget and a fixed delay above the ordinary buy far more for little.",
    "Extra attempts are what the providers counted above the requests. What one that lost costs is the provider's to "
    "say: at least its prompt, at most as if it had been answered whole (all at one price).",
]
