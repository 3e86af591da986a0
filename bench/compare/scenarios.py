"""What is measured, as a table. `python3 bench/compare --list` prints it."""

import dataclasses

from stage import Part

ALL = ("floor", "sluice", "haproxy", "nginx")
NOT_FLOOR = ("sluice", "haproxy", "nginx")
BESIDE_SIMULATOR = ("sluice", "simulator")
BESIDE_TRANSLATION = ("sluice", "sluice-anthropic")
WITH_SIMULATOR = (*ALL, "simulator")
BESIDE_ONE_WORKER = ("sluice", "sluice-2")
COUNTED = (*ALL, "sluice-anthropic", "simulator")
TARGETS = (*COUNTED, "sluice-2")
NAMES = ("direct", *TARGETS)  # nobody else may bear one
PLAIN_PART = Part()


@dataclasses.dataclass(frozen=True)
class Pace:
    """Of a provider's streams."""

    tokens: int
    gap_ms: float

    @property
    def seconds(self):
        """That one stream takes. Its finish reason comes at the same pace."""
        return (self.tokens + 1) * self.gap_ms / 1e3


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
    bases: tuple = ("haproxy", "floor")  # targets to which ratios are taken
    latency: bool = True  # measured too at half of saturation, with an open loop
    connections: int = 64
    pace: Pace = None
    burden: tuple = ()  # of sluice-load: what is on the way beside the small streams
    rounds_max: int = 1000  # where a round takes long
    direct: bool = True  # the simulator without a proxy takes part
    key: str = None  # of the caller; default: the right one
    optional: bool = False  # runs where it is asked for
    counts_tokens: bool = True  # the gateway's log says what each request used


STREAM = ("--stream", "--include-usage")


def paced(name, what, streams, pace, **more):
    """Streams at a provider's pace. Their processor time includes what waking for each event costs."""
    simulator = ("--tokens", str(pace.tokens), "--gap-ms", str(pace.gap_ms))
    return Scenario(name, what, kind="paced", unit="event", load=STREAM, part=Part(simulator=simulator, no_delay=True),
                    connections=streams, pace=pace, **more)


SCENARIOS = (
    Scenario("chat", "chat completion, 1 KiB prompt"),
    Scenario("chat-16k", "chat completion, 16 KiB prompt", load=("--prompt-bytes", "16384")),
    Scenario("chat-100k", "chat completion, 100 KiB prompt", load=("--prompt-bytes", "102400")),
    Scenario("sse", "stream of 64 events, as fast as it comes", unit="event", load=STREAM),
    # The caller does not ask for usage: the gateway asks instead and keeps that event to itself.
    Scenario("sse-unasked", "the same, usage not asked for", unit="event", load=("--stream",)),
    Scenario("sse-translated", "the same, from a provider of Anthropic's dialect", unit="event", load=STREAM,
             targets=BESIDE_TRANSLATION, bases=("sluice",), latency=False, direct=False),
    Scenario("chat-translated", "chat completion, 1 KiB prompt, from a provider of Anthropic's dialect",
             targets=BESIDE_TRANSLATION, bases=("sluice",), latency=False, direct=False),
    Scenario("chat-1m", "chat completion, 1 KiB of text and an image of 768 KiB (1 MiB as base64)",
             load=("--image-bytes", "786432"), connections=16),
    Scenario("tls-upstream", "chat completion, TLS to the provider", part=Part(upstream_tls=True), targets=NOT_FLOOR),
    Scenario("tls-downstream", "chat completion, TLS from the caller", part=Part(downstream_tls=True),
             targets=NOT_FLOOR),
    Scenario("tls-both", "chat completion, TLS on both sides",
             part=Part(upstream_tls=True, downstream_tls=True), targets=NOT_FLOOR),
    Scenario("churn", "chat completion, a new connection for each", load=("--requests-per-connection", "1")),
    # The proxies compare the header with the one right key, as little as can be done.
    Scenario("keys-bad", "chat completion with a wrong key, answered 401", load=("--expect-status", "401"),
             part=Part(checks_key=True), targets=NOT_FLOOR, latency=False, direct=False, key="sk-sluice-wrong",
             counts_tokens=False),
    Scenario("retry", "chat completion, one in five fails at the first provider and is served by the second",
             part=Part(fails_first=True), targets=NOT_FLOOR),
    Scenario("load", "chat completion, 1 KiB prompt, at 10 to 90 % of saturation", kind="sweep"),
    paced("sse-paced", "64 streams, an event every 20 ms", 64, Pace(tokens=64, gap_ms=20)),
    paced("streams-2000", "2 000 streams, an event every 50 ms", 2_000, Pace(tokens=32, gap_ms=50), rounds_max=3),
    paced("streams-10000", "10 000 streams, an event every 250 ms", 10_000, Pace(tokens=32, gap_ms=250),
          rounds_max=3),
    Scenario("large-beside-small", "small streams beside bodies of 1 MiB, 30 a second", kind="beside",
             part=Part(simulator=("--tokens", "64"), no_delay=True), connections=8,
             burden=("--image-bytes", "786432", "--connections", "8", "--rate", "30", "--duration", "{seconds}")),
    Scenario("slow-readers", "small streams beside 16 slow readers of 6 MB each", kind="beside", targets=NOT_FLOOR,
             part=Part(simulator=("--tokens", "20000"), no_delay=True), connections=16, rounds_max=3,
             burden=("--stream", "--read-pause-ms", "150", "--connections", "16", "--requests", "16")),
    Scenario("workers", "chat completion, 1 KiB prompt, one worker beside two, 64 callers each", kind="workers",
             part=Part(two_workers=True), targets=BESIDE_ONE_WORKER, bases=("sluice",), latency=False, direct=False),
    Scenario("idle", "idle keep-alive connections", kind="idle"),
    # With a core of its own the simulator outruns the load, sleeps and wakes for a few requests each
    # time: the faster it were, the dearer each would look.
    Scenario("simulator-chat", "the simulator in the gateway's place: chat completion, 1 KiB prompt",
             part=Part(one_core=True), targets=BESIDE_SIMULATOR, bases=("sluice",), latency=False, direct=False),
    Scenario("simulator-sse", "the simulator in the gateway's place: stream of 64 events", unit="event", load=STREAM,
             part=Part(one_core=True), targets=BESIDE_SIMULATOR, bases=("sluice",), latency=False, direct=False),
    Scenario("instructions-chat", "chat completion, user space alone, counted", kind="instructions",
             targets=COUNTED, optional=True),
    Scenario("instructions-sse", "stream of 64 events, user space alone, counted", kind="instructions",
             unit="event", load=STREAM, targets=COUNTED, optional=True),
)


def find(name):
    return next((scenario for scenario in SCENARIOS if scenario.name == name), None)
