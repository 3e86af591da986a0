"""Memory of connections that were each used once and then kept alive.

The process's resident memory after, less before, divided by their number. Before, a load has warmed
it up. The kernel's memory for sockets is not in it.
"""

import time

import caller
import figures
from processes import Trouble

SETTLE_SECONDS = 2  # before memory is read
UPSTREAM_TOO = {"floor", "haproxy"}  # hold a connection to the simulator per caller, or may


def measure(stage, scenario, options):
    runs, void = {}, {}
    for name in options.targets_of(scenario):
        if name in stage.strangers:
            continue  # it was used before, and its memory is somebody else's
        with stage.scene(scenario.part, [name]) as targets:
            sockets_max = stage.descriptors_max - 300
            count = min(options.idle, sockets_max // 2 if name in UPSTREAM_TOO else sockets_max)
            options.say(f"{scenario.name}: {count} connections to {name}")
            try:
                runs[name] = [measure_one(stage, targets[name], count, options)]
            except (Trouble, OSError) as trouble:
                void[name] = str(trouble)
    return {"targets": {name: figures.spreads(each) for name, each in runs.items()},
            "ratios": figures.ratios(runs, "connection_bytes", ("haproxy",)), "curves": {},
            "others": None, "noisy": False, "void": void, "runs": runs}


def measure_one(stage, target, count, options):
    idle_bytes = target.resident_bytes()
    stage.load(target, ["--connections", "64", "--requests", "5000"], seconds_max=120)
    time.sleep(SETTLE_SECONDS)
    before = target.resident_bytes()
    request = caller.chat_request(stage.key, 1024)
    connections = []
    try:
        for _ in range(count):
            connections.append(caller.connect(target))
            caller.ask_once(connections[-1], request)
        time.sleep(SETTLE_SECONDS)
        after = target.resident_bytes()
        for connection in (connections[0], connections[-1]):
            caller.ask_once(connection, request)  # all that time it was alive
    finally:
        for connection in connections:
            connection.close()
    return {"connections": count, "connection_bytes": (after - before) / count, "idle_bytes": idle_bytes,
            "peak_bytes": target.peak_bytes()}
