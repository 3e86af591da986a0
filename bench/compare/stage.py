"""The stage: simulator, gateways in front of it, and the load that is sent through them.

    with Stage(programs, cores, urgent) as stage:
        with stage.scene(part, ["floor", "haproxy"]) as targets:
            stage.load(targets["haproxy"], ["--requests", "1000"], seconds_max=60)

Files live in a temporary folder, ports are the kernel's choice, and every process ends with its
block.
"""

import contextlib
import dataclasses
import functools
import json
import os
import re
import subprocess
import tempfile

from certificates import Certificate
from gateways import KINDS, MODEL, Direct, Sluice
from processes import START_SECONDS_MAX, Process, Trouble, free_port, raise_descriptor_limit, set_place


class WrongAnswer(Trouble):
    """A target gave a wrong answer, an error or none: it has no numbers here."""


@dataclasses.dataclass(frozen=True)
class Part:
    """What the gateways have to do in a scene, beside passing everything on."""

    simulator: tuple = ()  # options of the simulator
    upstream_tls: bool = False
    downstream_tls: bool = False
    checks_key: bool = False  # of the caller; the gateway does so always, the proxies only here
    no_delay: bool = False  # HAProxy passes an event on at once, and not up to 200 ms later with the next
    fails_first: bool = False  # a provider that fails stands in front of the one that works
    two_workers: bool = False  # of one gateway: load and simulator have two cores too, where there are so many
    one_core: bool = False  # load and simulator on the proxy's core too: whoever has its turn finds all work there is


class Stage:
    """`cores`: {"proxy", "load", "simulator"} to numbers. `programs`: names to paths.

    `urgent`: everything here goes before all ordinary processes; only root may.
    `strangers`: targets that somebody else runs; their simulator's port must not change.
    """

    def __init__(self, programs, cores, urgent=False, strangers=(), simulator_port=None):
        self.programs = programs
        self.cores = cores
        self.urgent = urgent
        self.strangers = {stranger.name: stranger for stranger in strangers}
        self.descriptors_max = raise_descriptor_limit()
        self._simulator_port = simulator_port
        self.wrapper = ()  # words in front of every proxy's command
        self.wrapper_environment = {}

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-compare-")
        self.folder = self._folder.name
        try:
            self.key, self.key_stanza = make_key(self.programs["sluice"])
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    @functools.cached_property
    def certificate(self):
        return Certificate(self.folder)

    @contextlib.contextmanager
    def scene(self, part, names):
        """Starts the simulator and these targets: {name: target}, `direct` among them."""
        with contextlib.ExitStack() as ends:
            ends.callback(setattr, self, "cores", self.cores)
            self.cores = place(part, self.cores)

            def start(process):
                ends.callback(process.stop)
                return process.wait_until_listening()
            self.simulator = start(self._make_simulator("sluice-sim", part, part.simulator))
            self.simulators = [self.simulator]
            if part.fails_first:
                self.failing = start(self._make_simulator(
                    "failing-sim", part, ("--fault-rate", "0.2:status:503")))
                self.simulators.append(self.failing)
            targets = {"direct": Direct(self, part)}
            for name in names:
                if name in self.strangers:
                    targets[name] = self.strangers[name]
                    continue
                targets[name] = start(KINDS[name](self, part))
                if self.urgent and isinstance(targets[name], Sluice):
                    targets[name].let_log_run()
            yield targets

    def _make_simulator(self, name, part, options):
        port = self._simulator_port if name == "sluice-sim" and self._simulator_port else free_port()
        tls = ()
        if part.upstream_tls:
            tls = ("--tls-cert", str(self.certificate.certificate), "--tls-key", str(self.certificate.key))
        workers = len(self.cores["loads"]) if part.two_workers else 1
        command = [self.programs["sluice-sim"], "--listen", f"127.0.0.1:{port}", "--workers", str(workers),
                   *tls, *options]
        return Process(name, command, self.folder, self.cores["simulator"], port, self.urgent)

    def start_load(self, target, arguments, key=None, core=None):
        """Starts sluice-load against a target; end_load() has its results."""
        key = key or getattr(target, "key", None) or self.key
        core = self.cores["load"] if core is None else core
        command = [self.programs["sluice-load"], "--target", target.url,
                   "--model", getattr(target, "model", None) or MODEL,
                   "--cpu", str(core), "--json", "-"]
        if target.url.startswith("https:"):
            command += ["--ca", str(self.certificate.certificate)]
        # Another gateway's key is a real one: everybody sees a command line, and the environment nobody else.
        return subprocess.Popen([*command, *arguments], stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={"PATH": os.environ["PATH"], "SLUICE_LOAD_KEY": key},
                                preexec_fn=lambda: set_place(core, self.urgent))

    def end_load(self, target, process, seconds_max):
        """The results of a load. A wrong answer, an error or none is WrongAnswer."""
        try:
            out, complaint = process.communicate(timeout=seconds_max)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            target.check_alive()
            raise WrongAnswer(f"{target.name} did not answer it all within {seconds_max:.0f} s") from None
        except BaseException:
            process.kill()
            process.communicate()
            raise
        target.check_alive()
        if not out:
            raise Trouble(f"sluice-load failed with status {process.returncode}: {complaint.strip()}")
        results = json.loads(out)
        if process.returncode != 0 or results["all_right"] != results["all_requests"]:
            raise WrongAnswer(f"{target.name} gave wrong answers or none: {results['wrong']} wrong, "
                              f"errors {results['errors']}, right {results['all_right']} of {results['all_requests']}")
        return results

    def load(self, target, arguments, seconds_max, key=None):
        return self.end_load(target, self.start_load(target, arguments, key), seconds_max)


def place(part, cores):
    """Cores as a scene needs them."""
    alone = cores["proxy"]
    if part.one_core or (part.two_workers and len(cores["workers"]) < 2):
        return {**dict.fromkeys(cores, alone), "workers": (alone,), "loads": (alone,)}
    return {**cores, "simulator": cores["loads"]} if part.two_workers else cores


def make_key(sluice):
    """A caller's key as `sluice keygen` makes it, and its lines for the configuration."""
    text = subprocess.run([sluice, "keygen", "--name", "bench"], check=True, capture_output=True,
                          text=True, timeout=START_SECONDS_MAX).stdout
    key = re.search(r"^  (\S+)$", text, re.MULTILINE).group(1)
    stanza = [line for line in text[text.index("[[key]]"):].splitlines() if line[:1] != "#"]
    return key, "\n".join(stanza) + "\n"
