"""What machine this is, what was built on it and of which sources, and how busy it is otherwise."""

import json
import os
import platform
import subprocess
from pathlib import Path

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
    return said_by(program, *arguments)[0]


def said_by(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True, timeout=30)
    return (done.stdout or done.stderr).splitlines()


def commit_of(root):
    """Of the sources, as `git describe --always --dirty` has it; None where they are in no repository of their own."""
    def git(*arguments):
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False, timeout=60)
        return done.stdout.strip() if done.returncode == 0 else None
    try:
        top = git("rev-parse", "--show-toplevel")
        return git("describe", "--always", "--dirty") if top and Path(top).resolve() == Path(root).resolve() else None
    except OSError:  # there is no git
        return None


def describe_build(folder, sluice):
    """What a program and its build folder say: {"version", "compiler", "libraries", "options", "doubt"}."""
    first, *more = said_by(sluice, "--version")
    said = dict(line.split(None, 1) for line in more if len(line.split(None, 1)) == 2)
    options = build_options(Path(folder) / "meson-info" / "intro-buildoptions.json")
    named = [f"{name}={options[name]}" for name in BUILD_OPTIONS if name in options]
    return {"version": first, "compiler": said.get("compiler", "an unknown compiler"),
            "instructions": said.get("instructions", ""), "libraries": said.get("libraries", ""),
            "options": " ".join(named), "doubt": build_doubt(options)}


BUILD_OPTIONS = ("buildtype", "optimization", "b_lto", "b_sanitize", "b_ndebug", "isa", "cpp_args")


def build_options(path):
    """{name: value} of a build folder; empty where it is none of Meson's."""
    try:
        listed = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return {option["name"]: option["value"] for option in listed if option["value"] not in ("", [])}


def build_doubt(options):
    """Why this build's figures are not those of a release, or None."""
    if not options:
        return "with unknown options"
    if options.get("b_sanitize", "none") != "none":
        return f"built with b_sanitize={options['b_sanitize']}: its cost is the sanitizer's"
    if options.get("optimization", "3") not in ("2", "3", "s"):
        return f"built with optimization={options['optimization']}: not what a release costs"
    return None
