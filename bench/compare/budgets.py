"""The budgets of the design, and whether results hold them. Pure.

Results are {scenario name: result}, a result {"targets": {target: {metric: spread}}, "ratios": ...}.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Bound:
    """`value_of(results)` is to be at most `bound`; None: what it needs was not measured."""

    name: str
    scenario: str
    bound: float
    unit: str
    value_of: object


def ratio_to(scenario, base, target="sluice"):
    def value_of(results):
        return median(results, scenario, "ratios", target, base)
    return value_of


def metric(scenario, name, target="sluice"):
    def value_of(results):
        return median(results, scenario, "targets", target, name)
    return value_of


def above_haproxy(scenario, name):
    """By how much ours is above HAProxy's."""
    def value_of(results):
        ours = median(results, scenario, "targets", "sluice", name)
        theirs = median(results, scenario, "targets", "haproxy", name)
        return None if ours is None or theirs is None else ours - theirs
    return value_of


def between(scenario, other):
    """Our cost in one scenario, by that in another."""
    def value_of(results):
        cost, base = (median(results, name, "targets", "sluice", "us") for name in (scenario, other))
        return None if cost is None or base is None else cost / base
    return value_of


def median(results, *path):
    for step in path:
        results = results.get(step)
        if results is None:
            return None
        if step == path[0] and "targets" not in results:
            return None
    return results["median"]


BOUNDS = (
    Bound("chat 1 KiB, CPU per request, to HAProxy's", "chat", 0.90, "x", ratio_to("chat", "haproxy")),
    Bound("chat 1 KiB, CPU per request, to the floor's", "chat", 1.12, "x", ratio_to("chat", "floor")),
    Bound("chat 1 KiB, user time per request", "chat", 1.5, "us", metric("chat", "user_us")),
    Bound("chat 1 KiB, p50 added at half load, above HAProxy's", "chat", 0.0, "us",
          above_haproxy("chat", "p50_added")),
    Bound("chat 1 KiB, p99 added at half load, above HAProxy's", "chat", 0.0, "us",
          above_haproxy("chat", "p99_added")),
    Bound("chat 100 KiB, CPU per request, to HAProxy's", "chat-100k", 1.0, "x", ratio_to("chat-100k", "haproxy")),
    Bound("SSE, CPU per event, to HAProxy's", "sse", 0.90, "x", ratio_to("sse", "haproxy")),
    Bound("SSE translated from Anthropic's, CPU per event, to our pass-through", "sse-translated", 1.3, "x",
          ratio_to("sse-translated", "sluice", "sluice-anthropic")),
    Bound("TLS to the provider, CPU per request, to HAProxy's", "tls-upstream", 0.90, "x",
          ratio_to("tls-upstream", "haproxy")),
    Bound("a wrong key, CPU per request, to a right one's", "keys-bad", 1.0, "x", between("keys-bad", "chat")),
    Bound("10 000 paced streams, gap at p99 above direct's", "streams-10000", 5_000, "us",
          metric("streams-10000", "gap_p99_added")),
    Bound("active stream", "streams-10000", 12 * 1024, "bytes", metric("streams-10000", "stream_bytes")),
    Bound("simulator, chat 1 KiB, CPU per answer, to the gateway's", "simulator-chat", 1 / 3, "x",
          ratio_to("simulator-chat", "sluice", "simulator")),
    Bound("simulator, SSE, CPU per event, to the gateway's", "simulator-sse", 1 / 3, "x",
          ratio_to("simulator-sse", "sluice", "simulator")),
    Bound("idle keep-alive connection", "idle", 2048, "bytes", metric("idle", "connection_bytes")),
)


def verdicts(results, bounds=BOUNDS):
    """One of each bound whose scenario was run: value None and held None where it could not be told."""
    found = []
    for bound in bounds:
        if bound.scenario not in results:
            continue
        value = bound.value_of(results)
        held = None if value is None else value <= bound.bound
        found.append({"name": bound.name, "scenario": bound.scenario, "bound": bound.bound,
                      "unit": bound.unit, "value": value, "held": held})
    return found


def broken(found):
    return [verdict["name"] for verdict in found if verdict["held"] is False]
