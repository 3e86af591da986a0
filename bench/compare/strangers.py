"""A gateway that somebody else runs: known by its URL, and by its processes where it is on this machine."""

import argparse
import os
import re
import urllib.parse
from pathlib import Path

from processes import status_bytes, usage_of

LISTENING = "0A"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,23}")  # it stands in tables, plots and command lines
FORM = "NAME=http://HOST:PORT[,key_env=VARIABLE][,key=KEY][,model=MODEL]"


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
    """What FORM says. A complaint shows no key."""
    name, equals, rest = text.partition("=")
    url, *settings = rest.split(",")
    given = dict(setting.partition("=")[::2] for setting in settings)
    if not equals or not is_address(url) or set(given) - {"key", "key_env", "model"}:
        raise argparse.ArgumentTypeError(f"what begins with {text.split(',')[0]!r} should be {FORM}")
    if not NAME.fullmatch(name):
        raise argparse.ArgumentTypeError(f"the name {name!r} should be up to 24 letters, digits, '.', '_' or '-'")
    variable = given.pop("key_env", None)
    if variable is not None:
        if not os.environ.get(variable):
            raise argparse.ArgumentTypeError(f"{name}: there is no {variable} in the environment")
        given["key"] = os.environ[variable]
    return Stranger(name, url, **given)


def is_address(url):
    try:
        parts = urllib.parse.urlsplit(url)
        return bool(parts.scheme in ("http", "https") and parts.port and parts.hostname
                    and "@" not in parts.netloc and parts.path in ("", "/"))
    except ValueError:  # of a port that is none
        return False


def name_taken(strangers, taken):
    """The first name that somebody else bears already, or None."""
    seen = set(taken)
    for stranger in strangers:
        if stranger.name in seen:
            return stranger.name
        seen.add(stranger.name)
    return None


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
