"""Instructions per unit of work, user space alone: they do not depend on the machine's mood.

Each target runs under callgrind twice, from start to end, once with few requests and once with many,
asked one at a time. What the second run has more, divided by the requests it has more, is what one
costs: start, warm-up and end are in both.
"""

import re
import shutil
from pathlib import Path

import figures
import machine
from processes import Trouble
from stage import WrongAnswer

FEW, MORE = 200, 400
VERSION_MIN = (3, 24)  # older ones hold their lock while a thread waits in io_uring_enter
UNPACKED = Path(__file__).resolve().parents[2] / "build" / "valgrind" / "usr"


def measure(stage, scenario, options):
    stage.wrapper, stage.wrapper_environment = find_valgrind()
    runs, void = {}, {}
    try:
        for name in options.targets_of(scenario):
            if name in stage.strangers:
                continue
            options.say(f"{scenario.name}: {name}")
            try:
                few, many = (count(stage, scenario, name, requests) for requests in (FEW, FEW + MORE))
                runs[name] = [{"instructions": (many[0] - few[0]) / (many[1] - few[1])}]
            except WrongAnswer as wrong:
                void[name] = str(wrong)
    finally:
        stage.wrapper, stage.wrapper_environment = (), {}
    return {"targets": {name: figures.spreads(each) for name, each in runs.items()},
            "ratios": figures.ratios(runs, "instructions", scenario.bases), "curves": {},
            "others": None, "noisy": False, "void": void, "runs": runs}


def count(stage, scenario, name, requests):
    """(instructions from start to end, units of work)"""
    out = Path(stage.folder) / "callgrind.out"
    out.unlink(missing_ok=True)
    with stage.scene(scenario.part, [name]) as targets:
        results = stage.load(targets[name], ["--connections", "1", "--requests", str(requests), *scenario.load], 300)
        targets[name].end()
    found = re.search(r"^totals: (\d+)", out.read_text() if out.exists() else "", re.MULTILINE)
    if not found:
        raise Trouble(f"callgrind wrote no total for {name}")
    return int(found.group(1)), results[scenario.unit + "s"]


def find_valgrind():
    """The words in front of a command, and what it needs in its environment."""
    arguments = ("--tool=callgrind", "--callgrind-out-file={folder}/callgrind.out")
    if UNPACKED.exists():
        return ((str(UNPACKED / "bin" / "valgrind.bin"), *arguments),
                {"VALGRIND_LIB": str(UNPACKED / "libexec" / "valgrind")})
    program = shutil.which("valgrind")
    if program is None or version_of(program) < VERSION_MIN:
        raise Trouble(f"--instructions needs valgrind {'.'.join(map(str, VERSION_MIN))}: run tools/setup instructions")
    return (program, *arguments), {}


def version_of(program):
    return tuple(int(part) for part in re.findall(r"\d+", machine.version_of(program, "--version"))[:2])
