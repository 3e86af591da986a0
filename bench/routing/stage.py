"""Simulated providers, and gateways in front of them: processes of one arm of a show.

    with Stage(programs) as stage:
        port = stage.simulator("a", ["--tokens", "60"])
        gateway = stage.gateway("score", config)
"""

import http.client
import json
import os
import tempfile
from pathlib import Path

from processes import Process, free_port

HEAD = """
[server]
workers = 1
pin_workers = false
[admin]
address = "off"
[log]
access = "off"
[[listener]]
address = "127.0.0.1:{port}"
"""


class Stage:
    """Ports are the kernel's choice, and every process ends with its block."""

    def __init__(self, programs):
        self._programs = programs
        self._processes = []
        self._cores = sorted(os.sched_getaffinity(0))

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-routing-")
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.stop()
        self._folder.cleanup()

    def simulator(self, name, options, seed):
        port = free_port()
        self._start(name, [self._programs["sluice-sim"], "--listen", f"127.0.0.1:{port}", "--seed", str(seed),
                           *options], port)
        return port

    def gateway(self, name, config):
        port = free_port()
        path = Path(self._folder.name) / f"{name}.toml"
        path.write_text(HEAD.format(port=port) + config)
        self._start(name, [self._programs["sluice"], "serve", "--config", str(path)], port)
        return port

    def _start(self, name, command, port):
        # Side by side on all cores: the load is low, and what is waited for is the providers.
        core = self._cores[len(self._processes) % len(self._cores)]
        process = Process(name, command, self._folder.name, core, port, urgent=False)
        self._processes.append(process)
        process.wait_until_listening()


def provider(name, port):
    return (f'[[provider]]\nname = "{name}"\ndialect = "openai"\nbase_url = "http://127.0.0.1:{port}/v1"\n'
            'keys = []\nregion = "local"\n')


def model(name, providers):
    """Whose deployments are those of `providers`, in that order, all at one price."""
    return f'[[model]]\nname = "{name}"\n' + "".join(
        f'[[model.deployment]]\nprovider = "{each}"\nmodel = "simulated"\nprice = {{ input = 0.25, output = 2.0 }}\n'
        for each in providers)


def requests_of(port):
    """How many chats a provider was asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/sim/stats")
        return json.load(connection.getresponse())["requests"] - 1  # without this one
    finally:
        connection.close()
