"""A gateway that somebody else runs: known by its URL, and by its processes where it is on this machine."""

import argparse
import urllib.parse
from pathlib import Path

from processes import status_bytes, usage_of

LISTENING = "0A"


class Stranger:
    """`pids` are the processes that have its listening socket open; none if it is elsewhere."""

    def __init__(self, name, url, key=None, model=None):
        self.name = name
        self.url = url
        self.key = key
        self.model = model
        self.port = urllib.parse.urlsplit(url).port

    @property
    def pids(self):
        return listeners(self.port)

    def usage(self):
        return usage_of(self.pids)

    def resident_bytes(self):
        return sum(status_bytes(pid, "VmRSS") for pid in self.pids) or None

    def peak_bytes(self):
        return sum(status_bytes(pid, "VmHWM") for pid in self.pids) or None

    def check_alive(self):
        pass

    def stop(self):
        pass


def parse_stranger(text):
    """NAME=URL[,key=KEY][,model=MODEL]"""
    name, equals, rest = text.partition("=")
    url, *settings = rest.split(",")
    given = dict(setting.partition("=")[::2] for setting in settings)
    parts = urllib.parse.urlsplit(url)
    if not equals or parts.scheme not in ("http", "https") or not parts.port or set(given) - {"key", "model"}:
        raise argparse.ArgumentTypeError(f"{text!r} should be NAME=http://HOST:PORT[,key=KEY][,model=MODEL]")
    return Stranger(name, url, **given)


def listeners(port):
    """Processes of this machine that listen on a TCP port."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    return sorted(int(folder.parent.name) for folder in Path("/proc").glob("[0-9]*/fd")
                  if inodes & open_files(folder))


def open_files(folder):
    try:
        return {str(entry.readlink()) for entry in folder.iterdir()}
    except OSError:  # it has ended, or it is another user's
        return set()
