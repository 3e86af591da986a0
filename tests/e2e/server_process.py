"""A running sluice, for the end-to-end tests of the server: starts it, finds its port, ends it."""

import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE_S = 60  # of a busy machine; nothing here is measured


def wait_for(condition, what):
    """The first true value of `condition`; fails after PATIENCE_S."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"in vain waited for {what}")


class Sluice:
    """One process and the folder of its files. Use it in a `with` statement."""

    def __init__(self, binary, config=None, arguments=(), environment=None, preexec=None):
        self.folder = Path(tempfile.mkdtemp(prefix="sluice-e2e-"))
        self.config_path = self.folder / "sluice.toml"
        command = [binary, "serve", *arguments]
        if config is not None:
            self.write_config(config)
            command += ["--config", str(self.config_path)]
        self.stdout_path = self.folder / "stdout"
        self.stderr_path = self.folder / "stderr"
        variables = {"PATH": os.environ["PATH"], **sanitizer_options(), **(environment or {})}
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=variables, preexec_fn=preexec
            )

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        subprocess.run(["rm", "-rf", str(self.folder)], check=True)

    def write_config(self, text):
        self.config_path.write_text(text.replace("FOLDER", str(self.folder)))

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    def wait_for_line(self, pattern):
        """The match of a pattern on standard error."""

        def find():
            match = re.search(pattern, self.stderr())
            if match is None and self.process.poll() is not None:
                match = re.search(pattern, self.stderr())
                assert match, f"ended with {self.process.returncode}: {self.stderr()}"
            return match

        return wait_for(find, f"{pattern!r} on standard error")

    def wait_until_ready(self):
        self.wait_for_line(r"metrics and health")
        self.ports = [int(port) for port in re.findall(r"listening on \S+:(\d+) ", self.stderr())]
        self.port = self.ports[0] if self.ports else None
        admin = re.search(r"health: http://127\.0\.0\.1:(\d+)", self.stderr())
        self.admin_port = int(admin.group(1)) if admin else None
        if self.port and self.ports:
            wait_for(self.is_ready, "readiness")
        return self

    def is_ready(self):
        port = self.admin_port or self.port
        return get(port, "/readyz")[0] == 200

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(timeout=PATIENCE_S)

    def terminate(self):
        self.signal(signal.SIGTERM)
        return self.wait()


def sanitizer_options():
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


def request(port, method, path, body=None, headers=None):
    """(status, body) of one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    finally:
        connection.close()


def get(port, path, headers=None):
    return request(port, "GET", path, headers=headers)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
