#!/usr/bin/env python3
"""Runs the official clients' suite (tests/e2e/client) against the gateway, once over
plaintext and once over TLS on both sides.

    client_suite.py GATEWAY SIMULATOR WORK_FOLDER [plain|tls]

The client is installed by npm into WORK_FOLDER, from the versions package-lock.json pins.
"""
import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from client_harness import PROVIDER_KEY, World  # noqa: E402  (after dont_write_bytecode)
from media_server import MediaServer  # noqa: E402

SOURCES = pathlib.Path(__file__).resolve().parent / "client"
NODE_MAJOR_MIN = 18


def fail(text):
    print(f"client_suite: {text}", file=sys.stderr)
    sys.exit(1)


def check_programs():
    for program, package in (("node", "nodejs"), ("npm", "npm"), ("openssl", "openssl")):
        if shutil.which(program) is None:
            fail(f"{program} is missing: install it with  apt-get install {package}  "
                 "or run  tools/setup test")
    version = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True)
    if int(version.stdout.lstrip("v").split(".")[0]) < NODE_MAJOR_MIN:
        fail(f"node is {version.stdout.strip()}, but {NODE_MAJOR_MIN} or newer is needed")


def install(folder):
    """Copies the suite and installs what its lock file names, unless that was done."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (SOURCES / "package-lock.json").read_bytes()
    done = folder / "installed-lock.json"
    for path in SOURCES.iterdir():
        if path.is_file():
            shutil.copy2(path, folder / path.name)
    if done.exists() and done.read_bytes() == lock:
        return
    ran = subprocess.run(["npm", "ci", "--omit=peer", "--omit=optional", "--omit=dev",
                          "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=False,
                         capture_output=True, text=True)
    if ran.returncode != 0:
        fail("npm could not install the client that package-lock.json names; is its registry "
             f"reachable?\n{ran.stderr}")
    done.write_bytes(lock)


def run(gateway, simulator, folder, tls):
    print(f"--- {'TLS' if tls else 'plaintext'} ---", flush=True)
    with MediaServer() as media, World(gateway, simulator, tls=tls,
                                       limits=media.config()) as world:
        environment = {**os.environ, "GATEWAY_URL": f"{world.url}/v1", "GATEWAY_KEY": world.key,
                       "NARROW_KEY": world.narrow_key, "PROVIDER_KEY": PROVIDER_KEY,
                       "SIMULATOR_URL": world.simulator_url,
                       "MEDIA_URL": f"http://localhost:{media.port}"}
        if world.ca:
            environment["NODE_EXTRA_CA_CERTS"] = world.ca
        # One file after the other: the simulator's counts are looked at.
        passed = True
        for path in sorted(folder.glob("*.test.mjs")):
            ran = subprocess.run(["node", "--test", "--test-reporter=spec", path.name], cwd=folder,
                                 env=environment, check=False)
            passed = passed and ran.returncode == 0
        alive = world.gateway_is_alive()
        log = world.log("gateway")
        if not passed or not alive:
            print(log, file=sys.stderr)
        if not alive:
            fail("the gateway ended during the suite")
        if any(key in log for key in (PROVIDER_KEY, world.key, world.narrow_key)):
            fail("a key stands in the gateway's log")
        return passed


def main():
    if len(sys.argv) not in (4, 5):
        fail(__doc__.strip())
    gateway, simulator = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    folder = pathlib.Path(sys.argv[3]).resolve()
    modes = [sys.argv[4]] if len(sys.argv) == 5 else ["plain", "tls"]
    check_programs()
    install(folder)
    results = [run(gateway, simulator, folder, tls=mode == "tls") for mode in modes]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
