"""The processes that bench/pair sets against each other, and what they use of the machine.

    with Bench(programs, cores) as bench:
        bench.simulator, bench.sluice(), bench.haproxy()

Standard library only. Files live in a temporary folder, ports are the kernel's choice, and every
process ends with the block.
"""

import json
import os
import re
import resource
import socket
import subprocess
import tempfile
import time
from pathlib import Path

START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 10
MODEL = "sim-model"
PROVIDER_KEY = "provider-key-of-the-simulator"  # checked by nobody; it makes the gateway send one
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

HAPROXY_CONFIG = """\
global
  nbthread 1
  maxconn {connections_max}
defaults
  mode http
  timeout connect 5s
  timeout client 120s
  timeout server 120s
  timeout http-request 10s
  timeout http-keep-alive 120s
frontend downstream
  bind 127.0.0.1:{port}
  default_backend upstream
backend upstream
  http-reuse always
  server simulator 127.0.0.1:{simulator_port}
"""

SLUICE_CONFIG = """\
[server]
workers = 1
connections_max = {connections_max}
[[listener]]
address = "127.0.0.1:{port}"
[admin]
address = "127.0.0.1:{admin_port}"
[[provider]]
name = "simulator"
dialect = "openai"
base_url = "http://127.0.0.1:{simulator_port}/v1"
keys = [{{ env = "SIMULATOR_KEY" }}]
[[model]]
name = "{model}"
[[model.deployment]]
provider = "simulator"
model = "{model}"
price = {{ input = 0.25, output = 2.0 }}
[limits]
keep_alive_ms_max = 120000
[log]
access = "{access_log}"
{key_stanza}"""


class Trouble(Exception):
    """One sentence for whoever runs the benchmark."""


class Process:
    """A server on one core. `port` is where it listens."""

    def __init__(self, name, command, folder, core, port, urgent, environment=None):
        self.name = name
        self.port = port
        self._log = Path(folder) / f"{name}.log"
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], **(environment or {})},
                preexec_fn=lambda: set_place(core, urgent))
        self.pid = self._process.pid

    def wait_until_listening(self):
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            self.check_alive()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise Trouble(f"{self.name} does not listen after {START_SECONDS_MAX} s")

    def check_alive(self):
        if self._process.poll() is not None:
            last = self._log.read_text(errors="replace").strip().splitlines()[-3:]
            raise Trouble(f"{self.name} ended with status {self._process.returncode}: {last}")

    def cpu_seconds(self):
        """User and system time of all its threads, those that have ended too.

        The process's own clock: utime + stime of /proc/PID/stat, but in ns instead of ticks.
        """
        return time.clock_gettime(~self.pid << 3 | 2)  # CPUCLOCK_SCHED, see clock_getcpuclockid(3)

    def resident_bytes(self):
        """Resident memory: (all of it, the part that is no file). The kernel's own is neither."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        def value(name):
            return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024
        return value("VmRSS"), value("RssAnon")

    def stop(self):
        if self._process.poll() is not None:
            return
        self._process.kill()  # nothing is in flight that anybody waits for
        self._process.wait(STOP_SECONDS_MAX)


class Sluice(Process):
    """The gateway with everything on: a caller's key, usage, metrics, access log."""

    def __init__(self, bench, port):
        self.access_log = Path(bench.folder) / "access.jsonl"
        self.key = bench.key
        config = Path(bench.folder) / "sluice.toml"
        config.write_text(SLUICE_CONFIG.format(
            port=port, admin_port=free_port(), simulator_port=bench.simulator.port, model=MODEL,
            connections_max=bench.descriptors_max // 2 + 512, access_log=self.access_log,
            key_stanza=bench.key_stanza))
        command = [bench.programs["sluice"], "serve", "--config", str(config)]
        super().__init__("sluice", command, bench.folder, bench.cores["proxy"], port,
                         bench.urgent, {"SIMULATOR_KEY": PROVIDER_KEY})

    def take_log(self, lines_wanted):
        """Empties the access log and returns its lines, once there are so many."""
        until = time.monotonic() + STOP_SECONDS_MAX
        while True:
            data = self.access_log.read_bytes() if self.access_log.exists() else b""
            if data.count(b"\n") >= lines_wanted or time.monotonic() > until:
                break
            time.sleep(0.1)
        if data:
            os.truncate(self.access_log, 0)
        return data.splitlines()


class HaProxy(Process):
    """HAProxy as a plain HTTP proxy: no log, no rules, no checks."""

    def __init__(self, bench, port):
        config = Path(bench.folder) / "haproxy.cfg"
        config.write_text(HAPROXY_CONFIG.format(
            port=port, simulator_port=bench.simulator.port,
            connections_max=(bench.descriptors_max - 100) // 2))
        command = [bench.programs["haproxy"], "-db", "-q", "-f", str(config)]
        super().__init__("haproxy", command, bench.folder, bench.cores["proxy"], port, bench.urgent)


class Bench:
    """The simulator, and proxies in front of it as they are asked for.

    `cores`: {"proxy", "load", "simulator"} to numbers. `programs`: names to paths.
    `urgent`: everything here goes before all ordinary processes; only root may.
    """

    def __init__(self, programs, cores, urgent=False):
        self.programs = programs
        self.cores = cores
        self.urgent = urgent
        self.descriptors_max = raise_descriptor_limit()
        self._processes = []

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-pair-")
        self.folder = self._folder.name
        try:
            self.key, self.key_stanza = make_key(self.programs["sluice"])
            port = free_port()
            self.simulator = self._start(Process(
                "sluice-sim", [self.programs["sluice-sim"], "--listen", f"127.0.0.1:{port}",
                               "--workers", "1", "--tokens", "64"],
                self.folder, self.cores["simulator"], port, self.urgent))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self._processes):
            process.stop()
        self._folder.cleanup()

    def _start(self, process):
        self._processes.append(process)
        return process.wait_until_listening()

    def sluice(self):
        proxy = self._start(Sluice(self, free_port()))
        if self.urgent:  # its log would starve beside a worker that never yields
            for thread in Path(f"/proc/{proxy.pid}/task").iterdir():
                if (thread / "comm").read_text().strip() == "sluice-log":
                    os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(2))
        return proxy

    def haproxy(self):
        return self._start(HaProxy(self, free_port()))

    def load(self, proxy, arguments, seconds_max):
        """Runs sluice-load against a proxy; its results. A wrong answer or an error is Trouble."""
        command = [self.programs["sluice-load"], "--target", f"http://127.0.0.1:{proxy.port}",
                   "--model", MODEL, "--key", self.key, "--cpu", str(self.cores["load"]),
                   "--json", "-", *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=seconds_max,
                                  stdin=subprocess.DEVNULL, check=False,
                                  preexec_fn=lambda: set_place(self.cores["load"], self.urgent))
        except subprocess.TimeoutExpired:
            proxy.check_alive()
            raise Trouble(f"{proxy.name} did not answer it all within {seconds_max} s") from None
        proxy.check_alive()
        if done.returncode == 1 and not done.stdout:
            raise Trouble(f"sluice-load failed: {done.stderr.strip()}")
        results = json.loads(done.stdout)
        if done.returncode != 0 or results["right"] != results["requests"]:
            raise Trouble(f"{proxy.name} gave wrong answers or none: {results['wrong']} wrong, errors "
                          f"{results['errors']}, of {results['requests']}")
        return results


def set_place(core, urgent):
    """Of the process that is about to become a program."""
    os.sched_setaffinity(0, {core})
    if urgent:  # a nice value would count within the session alone where autogroups are on
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def make_key(sluice):
    """A caller's key as `sluice keygen` makes it, and its lines for the configuration."""
    text = subprocess.run([sluice, "keygen", "--name", "bench"], check=True, capture_output=True,
                          text=True, timeout=START_SECONDS_MAX).stdout
    key = re.search(r"^  (\S+)$", text, re.MULTILINE).group(1)
    stanza = [line for line in text[text.index("[[key]]"):].splitlines() if line[:1] != "#"]
    return key, "\n".join(stanza) + "\n"


class Machine:
    """Processor time of the whole machine between two moments, from /proc/stat."""

    def __init__(self):
        self._began = self._read()

    def used(self):
        """Since this was made: (seconds at work, seconds stolen by the host, all seconds)."""
        spent = [now - then for now, then in zip(self._read(), self._began)]
        return tuple(seconds / TICKS_PER_SECOND for seconds in spent)

    @staticmethod
    def _read():
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(field) for field in file.readline().split()[1:9]]
        user, nice, system, _, _, irq, softirq, steal = fields
        return user + nice + system + irq + softirq, steal, sum(fields)
