"""Programs on cores of their own, and what they use of the machine.

Every process is started with a log in a temporary folder, waited for until it listens, and ended
by whoever started it. Standard library only, like all of this folder.
"""

import os
import re
import resource
import socket
import subprocess
import time
from pathlib import Path

START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 10
CORES_FOR_TWO_WORKERS = 4
DESCRIPTORS_WANTED = 65_536  # 10 000 streams are 20 000 sockets of a proxy; nginx sets memory aside for each
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    """One sentence for whoever runs the comparison."""


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

    def usage(self):
        return usage_of([self.pid])

    def resident_bytes(self):
        return status_bytes(self.pid, "VmRSS")

    def peak_bytes(self):
        return status_bytes(self.pid, "VmHWM")

    def end(self):
        """Asks it to end by itself, and waits until it has."""
        self._process.terminate()
        try:
            self._process.wait(START_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            raise Trouble(f"{self.name} did not end within {START_SECONDS_MAX} s") from None

    def stop(self):
        if self._process.poll() is not None:
            return
        self._process.kill()  # nothing is in flight that anybody waits for
        self._process.wait(STOP_SECONDS_MAX)


class Usage:
    """Processor seconds of some processes, all their threads, those that have ended too."""

    def __init__(self, seconds, user_ticks, system_ticks):
        self.seconds = seconds
        self._user_ticks = user_ticks
        self._system_ticks = system_ticks

    def since(self, before):
        """(user seconds, system seconds) between two usages.

        Their sum is exact to the nanosecond. How it divides is known by the kernel's own clock,
        which counts in ticks.
        """
        whole = self.seconds - before.seconds
        user = self._user_ticks - before._user_ticks
        ticks = user + self._system_ticks - before._system_ticks
        share = user / ticks if ticks > 0 else 0.0
        return whole * share, whole * (1 - share)


def usage_of(pids):
    seconds, user, system = 0.0, 0, 0
    for pid in pids:
        seconds += time.clock_gettime(~pid << 3 | 2)  # CPUCLOCK_SCHED, see clock_getcpuclockid(3)
        # The second field is the program's name and may hold anything but a last bracket.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        user += int(fields[11])
        system += int(fields[12])
    return Usage(seconds, user, system)


def status_bytes(pid, field):
    """A size out of /proc/PID/status. What the kernel holds for its sockets is in none of them."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024


def set_place(core, urgent):
    """Of the process that is about to become a program. `core`: one, or several as a tuple."""
    os.sched_setaffinity(0, core if isinstance(core, tuple) else {core})
    if urgent:  # a nice value would count within the session alone where autogroups are on
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def choose_cores():
    """The proxy has the last core for itself; load and simulator share only when they must."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Trouble("one core is not enough: the proxy needs one for itself")
    two = len(cores) >= CORES_FOR_TWO_WORKERS
    return {"proxy": cores[-1], "load": cores[0], "simulator": cores[1 if len(cores) > 2 else 0],
            # For two workers, and for two loads that keep them busy.
            "workers": tuple(cores[-2:]) if two else (cores[-1],), "loads": tuple(cores[:2]) if two else (cores[0],)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def raise_descriptor_limit():
    """So many open files as are wanted, or may be, for this process and those it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (DESCRIPTORS_WANTED, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return limit
        except (ValueError, OSError):  # only root may have more than the hard limit
            continue
    return hard
