"""What machine this is, and how busy it is otherwise."""

import os
import platform
import subprocess

from processes import TICKS_PER_SECOND, set_place


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


def system_call_ns(program, core, urgent):
    """What a bare system call costs here."""
    done = subprocess.run([program], capture_output=True, text=True, check=True, timeout=60,
                          preexec_fn=lambda: set_place(core, urgent))
    return float(done.stdout)


def describe_machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        lines = file.read().splitlines()

    def first(field):
        values = [line.split(":", 1)[1].strip() for line in lines if line.startswith(field)]
        return values[0] if values else ""
    return {"processor": first("model name") or platform.machine(),
            "virtual": "hypervisor" in first("flags").split(),
            "cores": os.cpu_count(),
            "kernel": platform.release().split("-")[0],
            "system": platform.freedesktop_os_release()["PRETTY_NAME"]}


def version_of(program, *arguments):
    """The first line a program says about itself, on either stream."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True, timeout=30)
    return (done.stdout or done.stderr).splitlines()[0]
