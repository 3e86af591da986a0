"""bench/compare as a user runs it, for a moment: who is right has numbers and who is not has none.

Usage: compare_run_test.py ROOT BUILD
"""

import json
import os
import pathlib
import re
import signal
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
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-B", ROOT / "bench" / "compare", "--build", BUILD, "--rounds", "1",
             "--seconds", "0.1", "--idle", "50", "--output", self.folder, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "CANARY": CANARY},
        )  # fmt: skip

    def end(self, process):
        """(exit status, what it wrote as JSON)"""
        _, complaint = process.communicate(timeout=200)
        written = {path.name: path.read_text() for path in self.folder.iterdir()}
        self.assertEqual(sorted(written), ["report.html", "report.json", "report.md"], complaint)
        self.assertFalse([name for name, text in written.items() if CANARY in text], "a key in a report")
        return process.returncode, json.loads(written["report.json"])

    def compare(self, *arguments):
        return self.end(self.start(*arguments))

    def refusal(self, *arguments):
        process = self.start(*arguments)
        _, complaint = process.communicate(timeout=200)
        self.assertEqual((process.returncode, list(self.folder.iterdir())), (2, []))
        return complaint

    def test_every_target_has_its_numbers(self):
        status, found = self.compare("--targets", "floor,sluice", "--scenarios", "chat,sse,idle")
        self.assertIn(status, (0, 3))  # what it costs here is not this test's business
        for name, metric in (("chat", "us"), ("sse", "p99_added"), ("idle", "connection_bytes")):
            targets = found["scenarios"][name]["targets"]
            self.assertTrue({"floor", "sluice"} <= set(targets))
            self.assertTrue(all(metric in targets[target] for target in ("floor", "sluice")), name)
        judged = {one["name"]: one["held"] for one in found["budgets"]}
        self.assertIsNotNone(judged["chat 1 KiB, CPU per request, to the floor's"])
        self.assertIsNone(judged["idle keep-alive connection, of 10 000"], "50 tell nothing")
        self.assertIsNone(found["partial"])
        self.assertEqual(found["build"]["version"].split()[0], "sluice")

    def test_the_simulator_stands_beside_the_gateway(self):
        status, found = self.compare("--targets", "sluice,simulator", "--scenarios", "simulator-chat,simulator-sse")
        self.assertIn(status, (0, 3))
        for name in ("simulator-chat", "simulator-sse"):
            result = found["scenarios"][name]
            self.assertEqual(set(result["targets"]), {"sluice", "simulator"})
            self.assertGreater(result["ratios"]["simulator"]["sluice"]["median"], 0)
        self.assertEqual([one["held"] is None for one in found["budgets"] if one["scenario"] in found["scenarios"]],
                         [False, False])  # fmt: skip

    def test_two_workers_stand_beside_one(self):
        status, found = self.compare("--scenarios", "workers")
        self.assertIn(status, (0, 3))
        result = found["scenarios"]["workers"]
        self.assertEqual(set(result["targets"]), {"sluice", "sluice-2"})
        self.assertGreater(result["ratios"]["sluice-2"]["sluice"]["median"], 0)
        self.assertGreater(result["targets"]["sluice-2"]["gain"]["median"], 0)
        judged = {one["name"]: one["why"] for one in found["budgets"] if one["scenario"] == "workers"}
        if len(os.sched_getaffinity(0)) < 4:
            self.assertIn("cores", judged["two workers, requests per second, to one's"])

    def test_what_counts_of_paced_streams_is_of_all_of_them(self):
        _, found = self.compare("--quick", "--targets", "floor", "--scenarios", "sse-paced")
        floor = found["scenarios"]["sse-paced"]["runs"]["floor"][0]
        self.assertEqual(floor["streams"], 64)
        self.assertGreater(floor["gap_p99"], 10_000)
        self.assertTrue(all(one["held"] is None for one in found["budgets"]), "a quick run judges nothing")

    def test_what_was_found_is_kept_when_it_is_interrupted(self):
        process = self.start("--targets", "floor", "--scenarios", "chat,streams-10000")
        for line in process.stderr:
            if line.startswith("== streams-10000:"):
                break
        process.send_signal(signal.SIGINT)
        status, found = self.end(process)
        self.assertEqual(status, 1)
        self.assertIn("us", found["scenarios"]["chat"]["targets"]["floor"])
        self.assertEqual(found["partial"], "It ended in streams-10000: interrupted")
        self.assertIn("PARTIAL", (self.folder / "report.html").read_text())

    def test_what_is_published_is_out_of_a_report(self):
        self.compare("--targets", "floor", "--scenarios", "chat")
        kept = self.folder / "kept"
        kept.mkdir()
        (kept / "report-gone.svg").write_text("of an earlier report")
        done = subprocess.run([ROOT / "tools" / "compare", "--publish", self.folder / "report.json", "--into", kept],
                              capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(sorted(path.name for path in kept.iterdir()), ["REPORT.json", "REPORT.md", "report-chat.svg"])
        self.assertIn("report-chat.svg", (kept / "REPORT.md").read_text())
        (kept / "REPORT.json").write_text("{}")
        done = subprocess.run([ROOT / "tools" / "compare", "--publish", kept / "REPORT.json", "--into", kept],
                              capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertIn("is no report", done.stderr)

    def test_a_name_that_is_taken_is_refused(self):
        for name in ("haproxy", "direct"):
            self.assertIn(f"there is a target '{name}' already",
                          self.refusal("--simulator-port", "1", "--target", f"{name}=http://127.0.0.1:1"))  # fmt: skip
        complaint = self.refusal("--simulator-port", "1", "--target", f"a/b=http://127.0.0.1:1,key={CANARY}")
        self.assertIn("the name 'a/b' should be", complaint)
        self.assertNotIn(CANARY, complaint)

    def test_a_gateway_that_gives_wrong_answers_has_none(self):
        program = BUILD / "tools" / "simulator" / "sluice-sim"
        liar = subprocess.Popen([program, "--listen", "127.0.0.1:0", "--fault-rate", "0.05:garbage"],
                                stdout=subprocess.PIPE, text=True)  # fmt: skip
        try:
            url = re.search(r"http://[\d.:]+", liar.stdout.readline()).group()
            status, found = self.compare(
                "--targets", "floor", "--scenarios", "chat", "--simulator-port", free_port(), "--target", f"liar={url},key_env=CANARY"
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
