"""bench/routing: its arithmetic and its page, and the whole of it for a moment.

Usage: routing_bench_test.py ROOT BUILD [unittest arguments]
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
BUILD = pathlib.Path(sys.argv.pop(1))
sys.path += [str(ROOT / "bench" / "routing"), str(ROOT / "bench" / "compare")]

import callers  # noqa: E402  (after sys.path)
import flapping  # noqa: E402
import hedging  # noqa: E402
import page  # noqa: E402

SPREAD = {"median": 2.0, "min": 1.0, "max": 3.0}


class Arithmetic(unittest.TestCase):
    def test_a_quantile_is_one_of_the_values(self):
        values = list(range(100, 0, -1))
        self.assertEqual(callers.quantile(values, 0.5), 51)
        self.assertEqual(callers.quantile(values, 0.99), 100)
        self.assertEqual(callers.quantile([7], 0.99), 7)
        self.assertIsNone(callers.quantile([], 0.5))
        self.assertEqual(callers.curve([]), [])
        self.assertEqual(callers.curve(values)[-1], [0.999, 100])

    def test_what_was_not_answered_has_no_latency_and_counts(self):
        seen = {"a": [callers.Seen(0.5, True, 1, 10), callers.Seen(1.0), callers.Seen(5.0, True, 1, 30)]}
        self.assertEqual(flapping.over_time(seen, flapping.share_answered)["a"], [(1.0, 50.0), (5.0, 100.0)])
        self.assertEqual(flapping.over_time(seen, flapping.p99)["a"], [(1.0, 10), (5.0, 30)])
        self.assertEqual(flapping.over_time({"a": [callers.Seen(0)]}, flapping.p99)["a"], [])

    def test_a_prompt_is_a_part_of_the_price(self):
        self.assertTrue(0 < hedging.share_of_prompt() < 1)


class Page(unittest.TestCase):
    def test_has_a_table_and_plots_that_are_xml(self):
        result = {"columns": hedging.COLUMNS, "arms": {"off": {"p50": SPREAD, "extra_attempts": SPREAD}}, "rounds": 2,
                  "seconds": 3.0, "machine_used": 0.5, "what": "It is asked.", "notes": ["A note."]}
        found = {"machine": {"processor": "P", "virtual": True, "cores": 2, "kernel": "6", "system": "S"}, "date": "today",
                 "command": "c", "version": "v", "shows": {"hedging": result}}
        text = page.as_markdown(found)
        for part in ("| off | 2 (1-3) |", "- A note.", "(routing-hedging.svg)", "2 rounds of 3 s", "P, virtual"):
            self.assertIn(part, text)
        svg = page.as_svg([("curves", "a & b", {"off": [[0.5, 10], [0.99, 20]]}, "ms"),
                           ("lines", "later", {"on": [(0, 1), (2, 3)]}, "s", "%")])
        drawn = xml.etree.ElementTree.fromstring(svg)
        self.assertEqual(sum(each.tag.endswith("polyline") for each in drawn.iter()), 2)


class Shows(unittest.TestCase):
    def test_both_find_numbers(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, "-B", ROOT / "bench" / "routing", "--build", BUILD, "--rounds", "1",
                                   "--seconds", "1", "--output", folder], capture_output=True, text=True, timeout=200,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            written = {path.name: path.read_text() for path in pathlib.Path(folder).iterdir()}
        self.assertEqual(sorted(written),
                         ["ROUTING.json", "ROUTING.md", "routing-flapping.svg", "routing-hedging.svg"])
        shows = json.loads(written["ROUTING.json"])["shows"]
        for name, arm in shows["hedging"]["arms"].items():
            self.assertEqual(arm["answered"]["median"], 100, name)
        self.assertEqual(shows["hedging"]["arms"]["hedge off"]["extra_attempts"]["max"], 0)
        flapped = shows["flapping"]["arms"]
        self.assertLess(flapped["round robin, alone"]["answered"]["median"], 100)
        self.assertGreater(flapped["round robin, fallback"]["extra_attempts"]["median"], 0)
        for name in ("round robin, fallback", "score"):
            self.assertEqual(flapped[name]["answered"]["median"], 100, name)


if __name__ == "__main__":
    unittest.main()
