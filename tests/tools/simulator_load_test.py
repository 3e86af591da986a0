"""sluice-sim and sluice-load against each other, as a user runs them.

Usage: simulator_load_test.py SLUICE_SIM SLUICE_LOAD
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request

SIM, LOAD = sys.argv[1:3]


class Simulator:
    """A running sluice-sim on a port the kernel chose."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [SIM, "--listen", "127.0.0.1:0", *arguments], stdout=subprocess.PIPE, text=True
        )
        self.url = re.search(r"http://\S+", self.process.stdout.readline()).group()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=20)
        self.process.stdout.close()
        assert status == 0, f"sluice-sim ended with {status}"

    def stats(self):
        with urllib.request.urlopen(f"{self.url}/sim/stats", timeout=20) as answer:
            return json.load(answer)


def load(target, *arguments, requests=200, environment=None):
    run = subprocess.run(
        [LOAD, "--target", target, "--requests", str(requests), "--connections", "8", "--json", "-", *arguments],
        capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **(environment or {})},
    )  # fmt: skip
    return run.returncode, json.loads(run.stdout)


class CommandLines(unittest.TestCase):
    def run_program(self, *command):
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    def test_a_second_simulator_on_a_port_is_refused(self):
        with Simulator() as simulator:
            address = simulator.url.removeprefix("http://").rstrip("/")
            second = self.run_program(SIM, "--listen", address)
            self.assertEqual(second.returncode, 1)
            self.assertIn(f"{address} is in use", second.stderr)

    def test_both_have_a_version_and_status_2_for_options_they_do_not_know(self):
        for program in (SIM, LOAD):
            version = self.run_program(program, "--version")
            self.assertEqual((version.returncode, version.stdout.split()[0]), (0, program.split("/")[-1]))
        self.assertEqual(self.run_program(SIM, "--prot").returncode, 2)
        self.assertEqual(self.run_program(SIM, "--tls-cert", "a").returncode, 2)

    def test_a_404_points_at_the_models_name(self):
        with Simulator() as simulator:
            run = self.run_program(LOAD, "--target", simulator.url, "--model", "sim-fault-status:404", "--requests", "3", "--connections", "1")
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertIn("--model", run.stderr)


class EndToEnd(unittest.TestCase):
    def test_every_answer_of_a_sound_provider_is_right(self):
        with Simulator("--workers", "2") as simulator:
            for scenario in (
                [], ["--stream"], ["--stream", "--include-usage", "--tokens", "7"], ["--rate", "2000"],
                ["--prompt-bytes", "100000"], ["--scenario", "embeddings"], ["--scenario", "models"],
            ):  # fmt: skip
                with self.subTest(scenario=scenario):
                    status, results = load(simulator.url, *scenario)
                    self.assertEqual((status, results["right"], results["errors"]), (0, 200, {}))
            self.assertEqual(simulator.stats()["aborted_by_client"], 0)

    def test_an_image_a_slow_reader_and_a_connection_per_request_change_no_answer(self):
        with Simulator() as simulator:
            for scenario, connects in (
                (["--image-bytes", "300000"], 8), (["--stream", "--read-pause-ms", "5"], 8),
                (["--requests-per-connection", "1"], 200), (["--requests-per-connection", "50"], 8),
            ):  # fmt: skip
                with self.subTest(scenario=scenario):
                    status, results = load(simulator.url, *scenario)
                    self.assertEqual((status, results["right"]), (0, 200))
                    self.assertGreaterEqual(results["connects"], connects)
                    self.assertLess(results["connects"], connects + 8)

    def test_a_refusal_that_is_expected_is_right_and_an_answer_then_is_wrong(self):
        with Simulator("--key", "sk-right") as simulator:
            refused = ["--expect-status", "401", "--key"]
            self.assertEqual(load(simulator.url, *refused, "sk-other")[0], 0)
            status, results = load(simulator.url, *refused, "sk-right")
            self.assertEqual((status, results["wrong"]), (2, 200))
            status, results = load(simulator.url, "--expect-status", "403", "--key", "sk-other")
            self.assertEqual((status, results["errors"]), (1, {"status 401": 200}))

    def test_a_key_comes_from_the_environment_unless_one_is_given(self):
        with Simulator("--key", "sk-right") as simulator:
            def status(key, *arguments):
                return load(simulator.url, *arguments, environment={"SLUICE_LOAD_KEY": key})[0]
            self.assertEqual(status("sk-right"), 0)
            self.assertEqual(status("sk-other"), 1)
            self.assertEqual(status("sk-other", "--key", "sk-right"), 0)

    def test_a_warm_up_is_work_too_but_counts_not(self):
        with Simulator() as simulator:
            status, results = load(simulator.url, "--rate", "200", "--warmup", "0.2", "--cooldown", "0.1",
                                   "--duration", "0.3", requests=0)  # fmt: skip
            self.assertEqual((status, results["right"]), (0, 60))
            self.assertEqual((results["all_requests"], results["all_right"]), (120, 120))

    def test_over_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            with Simulator("--listen", f"unix:{folder}/sim.sock"):
                status, results = load(f"unix:{folder}/sim.sock", "--stream")
                self.assertEqual((status, results["right"]), (0, 200))

    def test_faults_are_errors_or_wrong_answers_never_right_ones(self):
        with Simulator() as simulator:
            for fault, expected in (
                ("status:503", 1), ("truncate:3", 1), ("reset-after:3", 1), ("close-after:3", 1), ("garbage", 1),
                ("malformed-chunk:2", 1), ("no-done", 2), ("error-event-after:2", 2), ("wrong-content-type", 2),
            ):  # fmt: skip
                with self.subTest(fault=fault):
                    status, results = load(
                        simulator.url, "--stream", "--model", f"sim-fault-{fault}", requests=20
                    )
                    self.assertEqual((status, results["right"], results["requests"]), (expected, 0, 20))

    def test_a_client_that_leaves_is_counted(self):
        with Simulator() as simulator:
            status, results = load(simulator.url, "--model", "sim-fault-hang", "--timeout", "0.2", requests=8)
            self.assertEqual((status, results["errors"]), (1, {"timeout": 8}))
            self.assertEqual(simulator.stats()["aborted_by_client"], 8)


unittest.main(argv=sys.argv[:1])
