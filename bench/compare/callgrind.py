"""What callgrind wrote, by function and by room of the program: instructions of each one's own. Pure.

The format is that of Valgrind's manual, "Callgrind Format Specification": names are said once and are
numbers from then on, and the line behind `calls=` is what was spent in the function called.
"""

import collections
import re

NAMED = re.compile(r"(fn|ob)=\((\d+)\)(?: (.*))?$")
OPERATOR = re.compile(r"\boperator(\(\)|<=>|<<=?|>>=?|<=?|>=?|->\*?)")
HIDDEN = str.maketrans("()<>", "\1\2\3\4")  # brackets that are a function's name
SHOWN = str.maketrans("\1\2\3\4", "()<>")
COST = re.compile(r"[+\-*\d]\S* (\d+)$")


def own_costs(text):
    """Counter of {(object file, function): instructions}."""
    names = {"fn": {}, "ob": {}}
    where = {"fn": "", "ob": ""}
    costs = collections.Counter()
    behind_call = False
    for line in text.splitlines():
        if line[:1] == "c" and line[1:4] in ("fn=", "ob="):  # a name may be said first of a function called
            remember(names, line[1:])
        elif line[:3] in ("fn=", "ob="):
            where[line[:2]] = remember(names, line)
        elif line.startswith("calls="):
            behind_call = True
        elif cost := COST.match(line):
            if not behind_call:
                costs[where["ob"], where["fn"]] += int(cost.group(1))
            behind_call = False
    return costs


def total(text):
    """What callgrind itself makes of all costs, or None."""
    found = re.search(r"^totals: (\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else None


def remember(names, line):
    kind, number, name = NAMED.match(line).groups()
    if name is not None:
        names[kind][number] = name
    return names[kind][number]


def short_name(function):
    """Without arguments, result and template arguments; the body of a coroutine says so."""
    name = function.replace("(anonymous namespace)::", "")
    body = " (coroutine)" if "[clone .actor]" in name else ""
    name = OPERATOR.sub(lambda found: "operator" + found.group(1).translate(HIDDEN), name)
    while (plain := re.sub(r"<[^<>]*>", "", name)) != name:
        name = plain
    name = name.replace("decltype(auto) ", "").split("(")[0].translate(SHOWN)
    if name.startswith("operator "):
        return name
    return name.split(" ")[-1] + body


def room(place, rooms):
    """Whose a function is: one of `rooms`, or the library it came from."""
    file, function = place
    found = re.match(r"sluice::(?:(\w+)::)?", short_name(function))
    if found:
        return found.group(1) if found.group(1) in rooms else "base, coro"
    return f"({file.rpartition('/')[2].partition('.so')[0] or 'unknown'})"


def per_unit(few, many, units):
    """{place: instructions of one unit}: what the longer run has more, by the units it has more."""
    return {place: (cost - few[place]) / units for place, cost in many.items() if cost != few[place]}


def profile(few, many, units, rooms, functions_max):
    """Instructions per unit, most first: {"rooms": [[room, count]], "functions": [[name, count]]}."""
    by_room, by_function = collections.Counter(), collections.Counter()
    for place, count in per_unit(few, many, units).items():
        by_room[room(place, rooms)] += count
        by_function[short_name(place[1])] += count
    return {"rooms": [[name, count] for name, count in by_room.most_common() if count >= 0.5],
            "functions": [[name, count] for name, count in by_function.most_common(functions_max)]}
