"""What is measured, as a table. `python3 bench/compare --list` prints it."""

import dataclasses

from stage import Part

ALL = ("floor", "sluice", "haproxy", "nginx")
NO_TLS_FLOOR = ("sluice", "haproxy", "nginx")
PLAIN_PART = Part()


@dataclasses.dataclass(frozen=True)
class Scenario:
    """`kind` says how it is measured: a module of that name has `measure(stage, scenario, options)`."""

    name: str
    what: str
    kind: str = "cost"
    unit: str = "request"  # or "event": what processor time is divided by
    load: tuple = ()  # of sluice-load
    part: Part = PLAIN_PART
    targets: tuple = ALL
    latency: bool = True  # measured too at half of saturation, with an open loop
    connections: int = 64


STREAM = ("--stream", "--include-usage")

SCENARIOS = (
    Scenario("chat", "chat completion, 1 KiB prompt"),
    Scenario("chat-16k", "chat completion, 16 KiB prompt", load=("--prompt-bytes", "16384")),
    Scenario("chat-100k", "chat completion, 100 KiB prompt", load=("--prompt-bytes", "102400")),
    Scenario("sse", "stream of 64 events, as fast as it comes", unit="event", load=STREAM),
    # The caller does not ask for usage: the gateway asks instead and keeps that event to itself.
    Scenario("sse-unasked", "the same, usage not asked for", unit="event", load=("--stream",)),
    Scenario("idle", "idle keep-alive connections", kind="idle"),
)


def find(name):
    return next((scenario for scenario in SCENARIOS if scenario.name == name), None)
