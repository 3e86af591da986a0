"""The budgets of the design, and whether results hold them. Pure.

Results are {scenario name: result}, a result {"targets": {target: {metric: spread}}, "ratios":
{target: {base: spread}}, "runs": {target: [run, ...]}}.

The rule is the same for all: what two targets cost is compared within each round, and the median of
the rounds is held against the bound, with no tolerance. Where the bound lies between the least and
the most of the rounds, the verdict says "within noise": another run may say otherwise.
"""

import dataclasses

import figures


@dataclasses.dataclass(frozen=True)
class Bound:
    """The median of `spread_of(results)` is to be at most `bound`, or at least; None: not measured.

    `untold(results, spread)` is a reason why what was measured tells nothing, or None.
    """

    name: str
    scenario: str  # None: there is none that measures it
    bound: float
    unit: str
    spread_of: object = None
    at_least: bool = False
    untold: object = None
    beside: str = None  # another scenario that it is about

    def allows(self, value):
        return value >= self.bound if self.at_least else value <= self.bound


def ratio_to(scenario, base, target="sluice"):
    def spread_of(results):
        return look_up(results, scenario, "ratios", target, base)
    return spread_of


def metric(scenario, name, target="sluice"):
    def spread_of(results):
        return look_up(results, scenario, "targets", target, name)
    return spread_of


def above_haproxy(scenario, name):
    """By how much ours is above HAProxy's, round by round."""
    def spread_of(results):
        ours, theirs = (look_up(results, scenario, "runs", target) for target in ("sluice", "haproxy"))
        return figures.difference(ours, theirs, name) if ours and theirs else None
    return spread_of


def between(scenario, other):
    """Our cost in one scenario, by that in another. They share no round: least and most are the farthest apart."""
    def spread_of(results):
        cost, base = (look_up(results, name, "targets", "sluice", "us") for name in (scenario, other))
        if cost is None or base is None:
            return None
        return {"median": cost["median"] / base["median"], "min": cost["min"] / base["max"],
                "max": cost["max"] / base["min"]}
    return spread_of


def look_up(results, *path):
    for step in path:
        results = results.get(step)
        if results is None:
            return None
    return results


def fewer_than(count, scenario, name):
    """A budget that names a number of connections is not told by fewer."""
    def untold(results, _):
        ran = look_up(results, scenario, "targets", "sluice", name)
        if ran is None or ran["median"] < count:
            return f"{0 if ran is None else ran['median']:,.0f} of {count:,} {name} ran"
        return None
    return untold


WORKER_BUSY_MIN = 0.95  # of its core


def workers_untold(results, _):
    """Two workers are compared with one where each has a core, and where the load on one is more than it can do."""
    result = results["workers"]
    if result.get("shared_core"):
        return result["shared_core"]
    busy = look_up(result, "targets", "sluice", "core_used")
    if busy is not None and busy["median"] < WORKER_BUSY_MIN:
        return f"one worker was at work {busy['median']:.0%} of the time, waiting for load"
    return None


STREAMS = fewer_than(10_000, "streams-10000", "streams")

BOUNDS = (
    Bound("chat 1 KiB, CPU per request, to HAProxy's", "chat", 0.90, "x", ratio_to("chat", "haproxy")),
    Bound("chat 1 KiB, CPU per request, to the floor's", "chat", 1.12, "x", ratio_to("chat", "floor")),
    Bound("chat 1 KiB, user time per request", "chat", 1.5, "us", metric("chat", "user_us")),
    Bound("chat 1 KiB, p50 added at half load, above HAProxy's", "chat", 0.0, "us", above_haproxy("chat", "p50")),
    Bound("chat 1 KiB, p99 added at half load, above HAProxy's", "chat", 0.0, "us", above_haproxy("chat", "p99")),
    Bound("chat 100 KiB, CPU per request, to HAProxy's", "chat-100k", 1.0, "x", ratio_to("chat-100k", "haproxy")),
    Bound("SSE, CPU per event, to HAProxy's", "sse", 0.90, "x", ratio_to("sse", "haproxy")),
    Bound("SSE translated from Anthropic's, CPU per event, to our pass-through", "sse-translated", 1.3, "x",
          ratio_to("sse-translated", "sluice", "sluice-anthropic")),
    Bound("TLS to the provider, CPU per request, to HAProxy's", "tls-upstream", 0.90, "x",
          ratio_to("tls-upstream", "haproxy")),
    Bound("HTTP/2 on both sides, 64 streams, CPU per request, to HAProxy's", None, 0.6, "x"),
    Bound("a wrong key, CPU per request, to a right one's", "keys-bad", 1.0, "x", between("keys-bad", "chat"),
          beside="chat"),
    Bound("10 000 paced streams, gap at p99 above direct's", "streams-10000", 5_000, "us",
          metric("streams-10000", "gap_p99_added"), untold=STREAMS),
    Bound("active stream, of 10 000", "streams-10000", 12 * 1024, "bytes", metric("streams-10000", "stream_bytes"),
          untold=STREAMS),
    Bound("idle keep-alive connection, of 10 000", "idle", 2048, "bytes", metric("idle", "connection_bytes"),
          untold=fewer_than(10_000, "idle", "connections")),
    Bound("two workers, CPU per request, to one's", "workers", 1.05, "x", ratio_to("workers", "sluice", "sluice-2"),
          untold=workers_untold),
    Bound("two workers, requests per second, to one's", "workers", 1.9, "x",
          metric("workers", "gain", "sluice-2"), at_least=True, untold=workers_untold),
    Bound("simulator, chat 1 KiB, CPU per answer, to the gateway's", "simulator-chat", 1 / 3, "x",
          ratio_to("simulator-chat", "sluice", "simulator")),
    Bound("simulator, SSE, CPU per event, to the gateway's", "simulator-sse", 1 / 3, "x",
          ratio_to("simulator-sse", "sluice", "simulator")),
)


def verdicts(results, quick=False, bounds=BOUNDS):
    """One of each bound. `held` is None where it could not be told, and `why` says why not.

    A quick run tells whether all works, not what it costs: it judges nothing.
    """
    return [verdict(bound, results, quick) for bound in bounds]


def verdict(bound, results, quick):
    spread, why = None, None
    if bound.scenario is None:
        why = "there is no scenario yet"
    elif any(name not in results for name in (bound.scenario, bound.beside) if name):
        why = "not run"
    else:
        spread = bound.spread_of(results)
        if spread is None:
            why = "not measured"
        elif quick:
            why = "not judged: a quick run"
        else:
            untold = bound.untold(results, spread) if bound.untold else None
            why = f"not told: {untold}" if untold else None
    runs = look_up(results, bound.scenario, "runs", "sluice") or ()
    return {"name": bound.name, "scenario": bound.scenario, "bound": bound.bound, "at_least": bound.at_least,
            "unit": bound.unit, "value": spread, "why": why,
            "held": None if why else bound.allows(spread["median"]),
            "one_run": not why and len(runs) == 1,
            "within_noise": not why and spread["min"] < bound.bound < spread["max"],
            "noisy": any(results.get(name, {}).get("noisy", False) for name in (bound.scenario, bound.beside))}


def broken(found):
    return [verdict["name"] for verdict in found if verdict["held"] is False]
