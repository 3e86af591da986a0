"""A gateway whose models have a deployment that fails, each in its own way, and one that serves.

    model NAME: provider NAME-primary, which does what `fault` says, then NAME-fallback

Each model has providers of its own, for what is learnt of one (that it rests, cools down, is full)
must not be another test's. Behind them are three simulators: one that fails on demand, one that
serves, and one that can be ended.
"""

import json
from dataclasses import dataclass, field

from server_process import Sluice, wait_for
from simulated_provider import SimulatedProvider

TOKENS = 60  # of every answer
GAP_MS = 2  # between two: what comes late in a stream is read late

HEAD = """
[server]
workers = 1
pin_workers = false
[admin]
address = "127.0.0.1:0"
[log]
access = "FOLDER/access.log"
[[listener]]
address = "127.0.0.1:0"
[timeouts]
total_ms = 30000
idle_ms = 30000
[routing]
strategy = "order"
[routing.retry]
retries = 2
"""


@dataclass
class Ride:
    """One model. `fault` and `fallback_fault` are the simulator's words (sluice-sim --list-faults)."""

    name: str
    fault: str = "none"
    fallback_fault: str = "none"
    timeouts: dict = field(default_factory=dict)  # shorter ones than those above
    health: dict = field(default_factory=dict)
    fallback_is_a_model: bool = False  # NAME-other, and no deployment of this one
    primary_can_be_ended: bool = False
    prices: tuple = (1000, 1)  # of the primary and the fallback: dollars per million tokens in; out: twice


class World:
    """Use it in a `with` statement."""

    def __init__(self, gateway, simulator, rides):
        arguments = ("--tokens", str(TOKENS), "--gap-ms", str(GAP_MS))
        self.failing = SimulatedProvider(simulator, *arguments)
        self.serving = SimulatedProvider(simulator, *arguments)
        self.mortal = SimulatedProvider(simulator, *arguments)
        self.gateway = Sluice(gateway, self._config(rides))

    def __enter__(self):
        self.gateway.wait_until_ready()
        return self

    def __exit__(self, *unused):
        for each in (self.gateway, self.failing, self.serving, self.mortal):
            each.__exit__()

    @property
    def port(self):
        return self.gateway.port

    def log_of(self, request_id):
        """The line of the access log."""
        return json.loads(wait_for(lambda: self._line_of(request_id), f"the log of {request_id}"))

    def _line_of(self, request_id):
        path = self.gateway.folder / "access.log"
        lines = path.read_text().split("\n")[:-1] if path.exists() else []  # the last may be half there
        return next((line for line in lines if f'"{request_id}"' in line), None)

    def _config(self, rides):
        return HEAD + "".join(self._config_of(ride) for ride in rides)

    def _config_of(self, ride):
        primary = self.mortal if ride.primary_can_be_ended else self.failing
        text = "".join(_provider(f"{ride.name}-{role}", url, ride.health)
                       for role, url in (("primary", primary.url()), ("fallback", self.serving.url())))
        first = _deployment(f"{ride.name}-primary", ride.fault, ride.prices[0])
        second = _deployment(f"{ride.name}-fallback", ride.fallback_fault, ride.prices[1])
        if ride.fallback_is_a_model:
            return text + _model(ride.name, ride.timeouts) + first + _model(f"{ride.name}-other", {}) + second
        return text + _model(ride.name, ride.timeouts) + first + second


def _table(values):
    return "{ " + ", ".join(f"{name} = {value}" for name, value in values.items()) + " }"


def _provider(name, url, health):
    more = f"health = {_table(health)}\n" if health else ""
    return (f'[[provider]]\nname = "{name}"\ndialect = "openai"\nbase_url = "{url}"\nkeys = []\n'
            f'quirks = {{ prefill = "plain" }}\nregion = "local"\n{more}')


def _model(name, timeouts):
    more = f"timeouts = {_table(timeouts)}\n" if timeouts else ""
    return f'[[model]]\nname = "{name}"\n{more}'


def _deployment(provider, fault, price):
    return (f'[[model.deployment]]\nprovider = "{provider}"\nmodel = "sim-fault-{fault}"\n'
            f"price = {{ input = {price}, output = {2 * price} }}\n")
