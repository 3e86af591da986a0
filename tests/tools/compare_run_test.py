"""bench/compare as a user runs it, for a moment: who is right has numbers and who is not has none.

Usage: compare_run_test.py ROOT BUILD
"""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop())
ROOT = pathlib.Path(sys.argv.pop())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


CANARY = "sk-canary-of-another-gateway"


@unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "a comparison needs a core for the proxy alone")
class Comparison(unittest.TestCase):
    def compare(self, *arguments):
        """(exit status, what it wrote as JSON)"""
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-B", ROOT / "bench" / "compare", "--build", BUILD, "--rounds", "1",
                 "--seconds", "0.1", "--idle", "50", "--output", folder, *arguments],
                capture_output=True, text=True, timeout=200, check=False,
            )  # fmt: skip
            written = {path.name: path.read_text() for path in pathlib.Path(folder).iterdir()}
        self.assertEqual(sorted(written), ["report.html", "report.json", "report.md"], done.stderr)
        self.assertFalse([name for name, text in written.items() if CANARY in text], "a key in a report")
        return done.returncode, json.loads(written["report.json"])

    def test_every_target_has_its_numbers(self):
        status, found = self.compare("--targets", "floor,sluice", "--scenarios", "chat,sse,idle")
        self.assertIn(status, (0, 3))  # what it costs here is not this test's business
        for name, metric in (("chat", "us"), ("sse", "p99_added"), ("idle", "connection_bytes")):
            targets = found["scenarios"][name]["targets"]
            self.assertTrue({"floor", "sluice"} <= set(targets))
            self.assertTrue(all(metric in targets[target] for target in ("floor", "sluice")), name)
        self.assertIn("chat 1 KiB, CPU per request, to the floor's", [one["name"] for one in found["budgets"]])

    def test_the_simulator_stands_beside_the_gateway(self):
        status, found = self.compare("--targets", "sluice,simulator", "--scenarios", "simulator-chat,simulator-sse")
        self.assertIn(status, (0, 3))
        for name in ("simulator-chat", "simulator-sse"):
            result = found["scenarios"][name]
            self.assertEqual(set(result["targets"]), {"sluice", "simulator"})
            self.assertGreater(result["ratios"]["simulator"]["sluice"]["median"], 0)
        self.assertEqual([one["held"] is None for one in found["budgets"]], [False, False])

    def test_a_gateway_that_gives_wrong_answers_has_none(self):
        program = BUILD / "tools" / "simulator" / "sluice-sim"
        liar = subprocess.Popen([program, "--listen", "127.0.0.1:0", "--fault-rate", "0.05:garbage"],
                                stdout=subprocess.PIPE, text=True)  # fmt: skip
        try:
            url = re.search(r"http://[\d.:]+", liar.stdout.readline()).group()
            status, found = self.compare(
                "--targets", "floor", "--scenarios", "chat", "--simulator-port", free_port(), "--target", f"liar={url},key={CANARY}"
            )
        finally:
            liar.kill()
            liar.wait(timeout=20)
            liar.stdout.close()
        chat = found["scenarios"]["chat"]
        self.assertEqual(status, 1)
        self.assertIn("liar gave wrong answers", chat["void"]["liar"])
        self.assertNotIn("liar", chat["targets"])
        self.assertIn("us", chat["targets"]["floor"])


unittest.main(argv=sys.argv[:1])
