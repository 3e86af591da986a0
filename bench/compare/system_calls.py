"""Counts the system calls of a process by the kernel's own tracepoint.

Counting slows what is counted, so it is done in a run of its own and never in one that is timed.
Reading the counter needs root; a machine that lets nobody count is a reason, not an error.
"""

import ctypes
import os
import struct
from pathlib import Path

PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
PERF_TYPE_TRACEPOINT = 2
ATTRIBUTES_BYTES = 64  # PERF_ATTR_SIZE_VER0
INHERIT = 1 << 1  # threads that are born later count too
TRACEPOINT = Path("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id")


class SystemCalls:
    """Counts from its making on. `why_not` says why there is nothing to read, or is None."""

    def __init__(self, pids):
        self._counters = []
        self.why_not = None
        try:
            event = int(TRACEPOINT.read_text())
            threads = [int(name) for pid in pids for name in os.listdir(f"/proc/{pid}/task")]
            self._counters = [open_counter(event, thread) for thread in threads]
        except OSError as error:
            self.why_not = f"{error.strerror}: {error.filename or 'perf_event_open'}"
            if str(error.filename) == str(TRACEPOINT):
                self.why_not += " (as root: mount -t tracefs tracefs /sys/kernel/tracing)"

    def read(self):
        return sum(struct.unpack("Q", os.read(counter, 8))[0] for counter in self._counters)

    def close(self):
        for counter in self._counters:
            os.close(counter)


def open_counter(event, thread):
    attributes = struct.pack("IIQQQQQ", PERF_TYPE_TRACEPOINT, ATTRIBUTES_BYTES, event, 0, 0, 0, INHERIT)
    attributes = attributes.ljust(ATTRIBUTES_BYTES, b"\0")
    library = ctypes.CDLL(None, use_errno=True)
    number = PERF_EVENT_OPEN[os.uname().machine]
    counter = library.syscall(number, attributes, thread, -1, -1, 0)
    if counter < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return counter
