"""Instructions per unit of work, user space alone: they do not depend on the machine's mood.

Each target runs under callgrind twice, from start to end, once with few requests and once with many,
asked one at a time. What the second run has more, divided by the requests it has more, is what one
costs: start, warm-up and end are in both. The same difference for every function is the profile.
"""

import re
import shutil
from pathlib import Path

import callgrind
import figures
import machine
from processes import Trouble

FEW, MORE = 200, 400
VERSION_MIN = (3, 24)  # older ones hold their lock while a thread waits in io_uring_enter
ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / "build" / "valgrind" / "usr"
ROOMS = {folder.name for folder in (ROOT / "src").iterdir() if folder.is_dir()}
FUNCTIONS_SHOWN = 25
SHA_NOTE = ("the processor that valgrind plays has no instructions for SHA-256: a caller's key costs several times "
            "more in libcrypto here than on one that has them")


def measure(stage, scenario, options):
    stage.wrapper, stage.wrapper_environment = find_valgrind()
    runs, void, profiles = {}, {}, {}
    try:
        for name in options.targets_of(scenario):
            if name in stage.strangers:
                continue
            options.say(f"{scenario.name}: {name}")
            try:
                (few, fewer_units), (many, more_units) = (
                    count(stage, scenario, name, requests) for requests in (FEW, FEW + MORE))
                units = more_units - fewer_units
                runs[name] = [{"instructions": (many.total() - few.total()) / units}]
                profiles[name] = callgrind.profile(few, many, units, ROOMS, FUNCTIONS_SHOWN)
            except Trouble as trouble:
                void[name] = str(trouble)
    finally:
        stage.wrapper, stage.wrapper_environment = (), {}
    return {"targets": {name: figures.spreads(each) for name, each in runs.items()},
            "ratios": figures.ratios(runs, "instructions", scenario.bases), "curves": {},
            "profiles": profiles, "notes": [SHA_NOTE], "others": None, "noisy": False, "void": void, "runs": runs}


def count(stage, scenario, name, requests):
    """(instructions of every function from start to end, units of work)"""
    out = Path(stage.folder) / "callgrind.out"
    out.unlink(missing_ok=True)
    with stage.scene(scenario.part, [name]) as targets:
        results = stage.load(targets[name], ["--connections", "1", "--requests", str(requests), *scenario.load], 300)
        targets[name].end()
    text = out.read_text() if out.exists() else ""
    costs = callgrind.own_costs(text)
    if not costs or costs.total() != callgrind.total(text):
        raise Trouble(f"callgrind wrote no costs for {name}, or costs that are not its total")
    return costs, results[scenario.unit + "s"]


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
