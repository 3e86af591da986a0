"""A running sluice-sim, for the end-to-end tests: starts it, ends it, starts it again on its port."""

import http.client
import json
import re
import subprocess
import tempfile

from server_process import PATIENCE_S, wait_for


class SimulatedProvider:
    """One process. Use it in a `with` statement."""

    def __init__(self, binary, *arguments):
        self._binary = binary
        self._arguments = arguments
        self._log = tempfile.TemporaryFile("w+")
        self._process = None
        self.port = 0
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.kill()
        self._log.close()

    def start(self):
        """The first time on a port that the kernel chooses, then on that one."""
        self._log.seek(0)
        self._log.truncate()
        command = [self._binary, "--listen", f"127.0.0.1:{self.port}", "--workers", "1", *self._arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        self.port = int(wait_for(self._listens, "the simulator to listen").group(1))

    def kill(self):
        """As a machine goes down: nobody is told, connections are reset, new ones refused."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def asked(self, fault):
        """How often `fault` was asked for, as the provider itself counted."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/sim/stats")
            counts = json.load(connection.getresponse())["faults"]
        finally:
            connection.close()
        return counts.get(fault, {}).get("asked", 0)

    def _listens(self):
        self._log.seek(0)
        said = self._log.read()
        assert self._process.poll() is None, f"sluice-sim ended with {self._process.returncode}: {said}"
        return re.search(r"listening on \w+://127\.0\.0\.1:(\d+)", said)
