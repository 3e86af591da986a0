"""Shows what two rules of routing are worth: hedging, and scoring by health. See bench/README.md.

    python3 -B bench/routing --build build/release
"""

import argparse
import asyncio
import json
import shlex
import signal
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "compare"))

import flapping  # noqa: E402  (after sys.path)
import hedging  # noqa: E402
import machine  # noqa: E402
import page  # noqa: E402
from processes import Trouble  # noqa: E402

SHOWS = {"hedging": hedging, "flapping": flapping}


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/routing", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=Path("build/release"), help="folder of sluice and sluice-sim")
    parser.add_argument("--shows", default=",".join(SHOWS), help=f"of {', '.join(SHOWS)}")
    parser.add_argument("--rounds", type=int, help="of each show, in place of its own number")
    parser.add_argument("--seconds", type=float, help="of each round, in place of its own length")
    parser.add_argument("--output", type=Path, default=Path("build/routing"))
    options = parser.parse_args()
    options.shows = options.shows.split(",")
    unknown = [name for name in options.shows if name not in SHOWS]
    if unknown:
        parser.error(f"there is no show {', '.join(unknown)}")
    options.programs = {"sluice": options.build / "sluice", "sluice-sim": options.build / "tools/simulator/sluice-sim"}
    for program in options.programs.values():
        if not program.exists():
            parser.error(f"{program} is not there: ninja -C {options.build} sluice tools/simulator/sluice-sim")
    return options


def run(options):
    found = {"machine": machine.describe_machine(), "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
             "command": shlex.join(["python3", "-B", "bench/routing", *sys.argv[1:]]),
             "version": machine.version_of(options.programs["sluice"], "--version"), "shows": {}}
    for name in options.shows:
        show = SHOWS[name]
        rounds = options.rounds or show.ROUNDS
        seconds = options.seconds or show.SECONDS
        busy = machine.Machine()
        result = asyncio.run(show.measure(options.programs, rounds, seconds))
        work, stolen, whole = busy.used()
        found["shows"][name] = {"rounds": rounds, "seconds": seconds, **result,
                                "machine_used": work / whole, "machine_stolen": stolen / whole}
        print(f"{page.table_text(found['shows'][name])}\n", flush=True)
    return found


def main():
    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started ends too
    found = run(options)
    options.output.mkdir(parents=True, exist_ok=True)
    for name, result in found["shows"].items():
        (options.output / f"routing-{name}.svg").write_text(page.as_svg(result.pop("panels")))
    (options.output / "ROUTING.json").write_text(json.dumps(found, indent=1) + "\n")
    (options.output / "ROUTING.md").write_text(page.as_markdown(found))
    print(f"{options.output}/ROUTING.md, ROUTING.json and plots")


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        print(f"bench/routing: {trouble}", file=sys.stderr)
        sys.exit(1)
