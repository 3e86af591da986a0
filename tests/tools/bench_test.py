"""bench/suite: verdicts are right to the digit, and a benchmark that found a wrong answer is named.

Usage: bench_test.py ROOT
"""

import contextlib
import io
import itertools
import json
import math
import pathlib
import runpy
import stat
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(sys.argv.pop()) if len(sys.argv) == 2 else pathlib.Path(__file__).parents[2]
SUITE = ROOT / "bench" / "suite"
sys.path[:0] = [str(SUITE), str(ROOT / "bench" / "compare")]

import programs  # noqa: E402  (the paths above come first)
import rows  # noqa: E402
import verdicts  # noqa: E402


def runs(name, *times):
    return [{name: {"ns": time}} for time in times]


class Verdicts(unittest.TestCase):
    def test_the_chance_is_that_of_counting_all_orders(self):
        for ours_count, theirs_count in ((1, 1), (2, 3), (4, 4)):
            places = range(ours_count + theirs_count)
            found = []  # pairs with ours above, for each way to deal out the places
            for ours in itertools.combinations(places, ours_count):
                theirs = [place for place in places if place not in ours]
                found.append((ours, theirs, sum(a > b for a in ours for b in theirs)))
            for ours, theirs, above in found:
                extreme = min(above, ours_count * theirs_count - above)
                counted = sum(each <= extreme for _, _, each in found) / len(found)
                self.assertAlmostEqual(verdicts.chance_of_equal(ours, theirs), min(1, 2 * counted))

    def test_rounds_that_do_not_overlap_have_the_smallest_chance(self):
        chance = verdicts.chance_of_equal([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])
        self.assertEqual(chance, verdicts.smallest_chance(5, 5))
        self.assertAlmostEqual(chance, 2 / math.comb(10, 5))

    def test_equal_rounds_say_nothing(self):
        self.assertEqual(verdicts.chance_of_equal([3] * 7, [3] * 7), 1.0)

    def test_a_difference_in_every_round_is_called(self):
        before = (100, 101, 99, 102, 100, 103, 98)
        for factor, word in ((0.9, verdicts.FASTER), (1.1, verdicts.SLOWER), (1.0, verdicts.SAME)):
            found = verdicts.compared(runs("a", *(time * factor for time in before)), runs("a", *before))
            self.assertEqual(found["a"]["verdict"], word)
            self.assertAlmostEqual(found["a"]["ratio"]["median"], factor)

    def test_a_small_difference_is_not_called_however_sure(self):
        found = verdicts.compared(runs("a", *[101] * 7), runs("a", *[100] * 7))
        self.assertLess(found["a"]["chance"], verdicts.CHANCE_MAX)
        self.assertEqual(found["a"]["verdict"], verdicts.SAME)

    def test_a_large_difference_within_the_noise_is_not_called(self):
        found = verdicts.compared(runs("a", 90, 150, 100, 160, 95, 155, 97), runs("a", 100, 99, 140, 98, 151, 97, 101))
        self.assertEqual(found["a"]["verdict"], verdicts.SAME)

    def test_one_disturbed_round_of_nine_hides_no_difference(self):
        found = verdicts.compared(runs("a", 80, 81, 200, 82, 79, 80, 81, 83, 80),
                                  runs("a", 100, 101, 99, 102, 100, 103, 98, 101, 99))
        self.assertEqual(found["a"]["verdict"], verdicts.FASTER)

    def test_few_rounds_tell_nothing(self):
        found = verdicts.compared(runs("a", 50, 50), runs("a", 100, 100))
        self.assertEqual(found["a"]["verdict"], verdicts.UNKNOWN)
        self.assertIn("too few", verdicts.summary(found, 2)[0])

    def test_what_only_one_build_has_is_not_compared(self):
        self.assertEqual(verdicts.compared(runs("a", *[1] * 7), runs("b", *[1] * 7)), {})

    def test_the_summary_names_what_differs(self):
        found = verdicts.compared(runs("a", *[50] * 7), runs("a", *[100] * 7))
        self.assertEqual(verdicts.summary(found, 7)[0], "faster, beyond the noise: a (0.500)")
        self.assertEqual(verdicts.summary({}, 7)[0], "no difference exceeds the noise")


class Rows(unittest.TestCase):
    def test_a_time_has_three_digits_and_the_unit_it_reaches(self):
        said = [rows.scaled(value, rows.TIMES) for value in (0.29, 2.5, 39.84, 999.4, 1500, 2.5e6, 3e9)]
        self.assertEqual(said, ["0.29 ns", "2.50 ns", "39.8 ns", "999 ns", "1.50 us", "2.50 ms", "3.00 s"])

    def test_bytes_say_more_than_items(self):
        def flat(value):
            return {"median": value, "min": value, "max": value}
        both = {"bytes_per_second": flat(2.5e9), "items_per_second": flat(12)}
        self.assertEqual(rows.rate_cell(both), "2.50 GB/s")
        self.assertEqual(rows.rate_cell({"items_per_second": flat(12)}), "12.0 /s")
        self.assertEqual(rows.rate_cell({}), "")

    def test_every_row_has_as_many_cells(self):
        builds = {"now": verdicts.merged(runs("a", 1, 2)), "then": verdicts.merged(runs("b", 3, 4))}
        self.assertEqual({len(row) for row in rows.grid(builds, {})}, {6})
        self.assertEqual({len(row) for row in rows.grid({"now": builds["now"]}, {})}, {3})


def entry(name, **more):
    return {"name": name, "run_type": "iteration", "iterations": 10, "cpu_time": 1.5, "time_unit": "us"} | more


class Reading(unittest.TestCase):
    def test_times_are_nanoseconds_and_rates_are_kept(self):
        figures, failed = programs.read([entry("a", bytes_per_second=7.0), entry("b", time_unit="ns")])
        self.assertEqual(figures, {"a": {"ns": 1500.0, "bytes_per_second": 7.0}, "b": {"ns": 1.5}})
        self.assertEqual(failed, {})

    def test_a_time_that_is_void_is_a_reason_and_no_figure(self):
        figures, failed = programs.read(
            [entry("a", error_occurred=True, error_message="events lost", iterations=0), entry("b", iterations=0)])
        self.assertEqual(figures, {})
        self.assertEqual(failed, {"a": "events lost", "b": "it ran not once"})


class Running(unittest.TestCase):
    """The whole of bench/suite, over programs that say what Google Benchmark would."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def build(self, name, rooms):
        """A build folder: {room: (what it lists, what it does)}."""
        for room, (names, does) in rooms.items():
            program = self.folder / name / "bench" / room / f"{room}_bench"
            program.parent.mkdir(parents=True)
            program.write_text(f"""#!/bin/sh
case "$*" in *list_tests*) printf '%s' '{names}' ;; *) {does} ;; esac
""")
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return self.folder / name

    @staticmethod
    def saying(*entries):
        return f"echo '{json.dumps({'benchmarks': entries})}'"

    def run_suite(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.object(sys, "argv", ["bench", *map(str, arguments)]):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    runpy.run_path(str(SUITE), run_name="__main__")
                except SystemExit as end:
                    return end.code, out.getvalue(), err.getvalue()
        return None, out.getvalue(), err.getvalue()

    def test_a_table_of_all_rooms(self):
        build = self.build("now", {"a": ("A", self.saying(entry("A"))), "b": ("B", self.saying(entry("B"))),
                                   "c": ("", "exit 1")})
        status, out, _ = self.run_suite("--build", build, "--quick", "--json", self.folder / "found.json")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"A +1\.50 us")
        self.assertRegex(out, r"B +1\.50 us")
        found = json.loads((self.folder / "found.json").read_text())
        self.assertEqual(found["runs"]["now"], [{"A": {"ns": 1500.0}, "B": {"ns": 1500.0}}] * 2)

    def test_a_wrong_answer_is_named_and_ends_with_1(self):
        build = self.build("now", {"a": ("A W", self.saying(
            entry("A"), entry("W", error_occurred=True, error_message="events lost")))})
        status, out, err = self.run_suite("--build", build, "--quick")
        self.assertEqual(status, 1)
        self.assertIn("NO FIGURES for W (now): events lost", err)
        self.assertNotRegex(out, r"(?m)^W")
        self.assertRegex(out, r"A +1\.50 us")

    def test_a_crash_is_named_and_ends_with_1(self):
        build = self.build("now", {"a": ("A", "echo boom >&2; exit 134")})
        status, _, err = self.run_suite("--build", build, "--quick")
        self.assertEqual(status, 1)
        self.assertIn("NO FIGURES for a_bench (now): ended with status 134: boom", err)

    def test_two_builds_are_compared(self):
        now = self.build("now", {"a": ("A", self.saying(entry("A")))})
        then = self.build("then", {"a": ("A", self.saying(entry("A", cpu_time=3.0)))})
        status, out, _ = self.run_suite("--build", now, "--against", "v1", "--against-build", then)
        self.assertEqual(status, 0)
        self.assertRegex(out, r"A +1\.50 us.* 3\.00 us.* 0\.500 +faster")
        self.assertIn("faster, beyond the noise: A (0.500)", out)

    def test_the_list_has_one_name_a_line(self):
        build = self.build("now", {"a": ("A\nB", "exit 9")})
        self.assertEqual(self.run_suite("--build", build, "--list")[:2], (0, "A\nB\n"))

    def test_nothing_found_is_said(self):
        build = self.build("now", {"a": ("", "exit 9")})
        status, _, err = self.run_suite("--build", build, "--filter", "x")
        self.assertEqual(status, 1)
        self.assertIn("no benchmark has a name that 'x' matches", err)
        status, _, err = self.run_suite("--build", self.folder)
        self.assertEqual(status, 1)
        self.assertIn("there are no benchmarks", err)

    def test_a_command_line_that_cannot_be_obeyed_ends_with_2(self):
        for arguments in (("--filter", "("), ("--rounds", "-1"), ("--against", "v1")):
            self.assertEqual(self.run_suite(*arguments)[0], 2, arguments)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
