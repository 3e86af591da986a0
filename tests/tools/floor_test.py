"""The floor relays every byte, keeps its upstream connections, and outlives callers that leave.

Usage: floor_test.py SLUICE_FLOOR SLUICE_SIM SLUICE_LOAD
"""

import json
import socket
import subprocess
import sys
import time
import unittest

FLOOR, SIM, LOAD = sys.argv[1:4]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"nothing listens on {port}")


class Relay(unittest.TestCase):
    def setUp(self):
        self.simulator_port, self.port = free_port(), free_port()
        self.simulator = subprocess.Popen(
            [SIM, "--listen", f"127.0.0.1:{self.simulator_port}"], stdout=subprocess.DEVNULL
        )
        wait_for(self.simulator_port)
        self.floor = subprocess.Popen([FLOOR, str(self.port), str(self.simulator_port)])
        wait_for(self.port)

    def tearDown(self):
        for process in (self.floor, self.simulator):
            process.kill()
            process.wait(timeout=20)

    def load(self, *arguments):
        run = subprocess.run(
            [LOAD, "--target", f"http://127.0.0.1:{self.port}", "--json", "-", *arguments],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return run.returncode, json.loads(run.stdout)

    def test_every_answer_is_right(self):
        for arguments in (
            [], ["--stream"], ["--prompt-bytes", "100000"], ["--prompt-bytes", "3000000", "--connections", "4"],
            ["--requests-per-connection", "1"], ["--stream", "--connections", "300", "--requests", "1200"],
        ):  # fmt: skip
            with self.subTest(arguments=arguments):
                many = [] if "--requests" in arguments else ["--requests", "200"]
                status, results = self.load(*many, *arguments)
                self.assertEqual((status, results["errors"]), (0, {}))
        self.assertIsNone(self.floor.poll())

    def test_callers_that_leave_in_the_middle_harm_nobody(self):
        body = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]}'
        request = (b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                   b"content-length: %d\r\n\r\n" % len(body)) + body  # fmt: skip
        for cut in (0, 1, 80, len(request)):
            for _ in range(20):
                with socket.create_connection(("127.0.0.1", self.port), 20) as caller:
                    caller.sendall(request[:cut])
        status, results = self.load("--requests", "500", "--connections", "40")
        self.assertEqual((status, results["right"]), (0, 500))

    def test_a_provider_that_ends_the_connection_is_passed_on(self):
        status, results = self.load("--requests", "20", "--model", "sim-fault-close-after:3", "--stream")
        self.assertEqual((status, results["right"], results["requests"]), (1, 0, 20))
        self.assertEqual(self.load("--requests", "200")[0], 0)


unittest.main(argv=sys.argv[:1])
