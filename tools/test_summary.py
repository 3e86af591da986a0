"""Chooses the tests of a build folder and counts what they did; tools/test calls it.

select: reads `meson introspect --tests` on standard input, prints the chosen names, one per line.
count:  reads Meson's log and the XML files of the GoogleTest programs, prints each failure and each
        skipped test, and ends with "N passed, N failed": cases where a program reports cases, else
        programs. Exit status 1 when anything failed or nothing passed.
"""

import argparse
import json
import pathlib
import sys
import xml.etree.ElementTree as xml

# What a sanitizer has nothing to say about.
NOT_SANITIZED = {"source_rules"}


def suites_of(test):
    """The suites of one test; Meson writes them as "project:suite"."""
    return {suite.split(":")[-1] for suite in test["suite"]}


def select(tests, suite, only, sanitize):
    wanted = {name for name in only.split(",") if name}
    chosen = []
    for test in tests:
        if wanted and test["name"] not in wanted:
            continue
        if suite and suite not in suites_of(test):
            continue
        if sanitize != "none" and test["name"] in NOT_SANITIZED:
            continue
        chosen.append(test["name"])
    unknown = wanted - {test["name"] for test in tests}
    if unknown:
        print(f"no test is named {', '.join(sorted(unknown))}", file=sys.stderr)
        return []
    return list(dict.fromkeys(chosen))


class Count:
    """Sums of one run."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []


def count_cases(file, count):
    """Adds the cases of one GoogleTest program; returns how many failed."""
    failed_before = len(count.failed)
    for case in xml.parse(file).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None:
            count.failed.append(name)
        elif case.get("result") == "skipped" or case.find("skipped") is not None:
            count.skipped.append(name)
        elif case.get("status") == "run":
            count.passed += 1
    return len(count.failed) - failed_before


def count_program(entry, files, count):
    """Adds one line of Meson's log; files are the XML files its program wrote."""
    failed_cases = 0
    broken = False
    for file in files:
        try:
            failed_cases += count_cases(file, count)
        except xml.ParseError:
            broken = True  # it died while writing
    result = entry["result"]
    if result == "SKIP":
        count.skipped.append(entry["name"])
    elif result in ("OK", "EXPECTEDFAIL"):
        if broken or not files:
            count.passed += 1
    elif failed_cases == 0:
        # It crashed, hung, leaked or failed outside any case.
        count.failed.append(f"{entry['name']} ({result.lower()})")


def program_of(entry):
    """The program's name, as GoogleTest names its XML file after it."""
    return pathlib.Path(entry["command"][0]).name


def count_run(log, cases):
    count = Count()
    unclaimed = {}
    for file in sorted(pathlib.Path(cases).glob("*.xml")):
        # name.xml, and name_1.xml, name_2.xml when a program ran more than once.
        stem = file.stem
        if stem.rpartition("_")[2].isdigit():
            stem = stem.rpartition("_")[0]
        unclaimed.setdefault(stem, []).append(file)
    for line in pathlib.Path(log).read_text(errors="replace").splitlines():
        entry = json.loads(line)
        # The first run of a program claims every file of it: sums are what is asked.
        count_program(entry, unclaimed.pop(program_of(entry), []), count)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    choose = commands.add_parser("select")
    choose.add_argument("--suite", default="")
    choose.add_argument("--only", default="")
    choose.add_argument("--sanitize", default="none")
    counting = commands.add_parser("count")
    counting.add_argument("--log", required=True)
    counting.add_argument("--cases", required=True)
    counting.add_argument("--status", type=int, required=True, help="Meson's own exit status")
    arguments = parser.parse_args()

    if arguments.command == "select":
        names = select(json.load(sys.stdin), arguments.suite, arguments.only, arguments.sanitize)
        sys.stdout.writelines(name + "\n" for name in names)
        return 0

    count = count_run(arguments.log, arguments.cases)
    if arguments.status != 0 and not count.failed:
        count.failed.append(f"meson test (exit status {arguments.status})")
    for name in count.skipped:
        print(f"skipped: {name}")
    for name in count.failed:
        print(f"FAILED: {name}")
    print(f"{count.passed} passed, {len(count.failed)} failed")
    return 1 if count.failed or count.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
