"""bench/compare: what turns runs into figures, tables, verdicts and plots is right to the digit.

Usage: compare_test.py ROOT
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import xml.dom.minidom

ROOT = pathlib.Path(sys.argv.pop()) if len(sys.argv) == 2 else pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "bench" / "compare"))

import budgets  # noqa: E402  (the path above comes first)
import callgrind  # noqa: E402
import figures  # noqa: E402
import machine  # noqa: E402
import paced  # noqa: E402
import plots  # noqa: E402
import processes  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import scenarios  # noqa: E402
import stage  # noqa: E402
import strangers  # noqa: E402
import system_calls  # noqa: E402
import tables  # noqa: E402
import workers  # noqa: E402


def flat(value):
    return {"median": value, "min": value, "max": value}


CALLGRIND = """\
# callgrind format
events: Ir
ob=(1) /usr/lib/libsluice-none.so.1
fn=(1) 0x1234
10 {idle}
ob=(2) /opt/sluice
fn=(2) sluice::http::parse(std::basic_string_view<char>)
20 {own}
+3 1
cob=(3) /lib/x86_64-linux-gnu/libc.so.6
cfn=(3) memcpy
calls=2 0
* 900
21 2
ob=(3)
fn=(3)
0 900

fn=(4) sluice::(anonymous namespace)::Pair<int> sluice::Slice::cut<int>(int)
+1 4
totals: 0
"""


class Callgrind(unittest.TestCase):
    few = callgrind.own_costs(CALLGRIND.format(idle=50, own=100))
    many = callgrind.own_costs(CALLGRIND.format(idle=50, own=500))

    def test_what_a_function_called_spent_is_not_its_own(self):
        self.assertEqual(self.few["/opt/sluice", "sluice::http::parse(std::basic_string_view<char>)"], 103)
        self.assertEqual(self.few["/lib/x86_64-linux-gnu/libc.so.6", "memcpy"], 900)
        self.assertEqual(self.few.total(), 50 + 103 + 900 + 4)

    def test_a_unit_costs_what_the_longer_run_has_more(self):
        found = callgrind.profile(self.few, self.many, 100, {"http"}, 10)
        self.assertEqual(found, {"rooms": [["http", 4.0]], "functions": [["sluice::http::parse", 4.0]]})

    def test_functions_are_named_without_what_they_take_and_give(self):
        for function, name in (
                ("sluice::(anonymous namespace)::Pair<int> sluice::Slice::cut<int>(int)", "sluice::Slice::cut"),
                ("sluice::ring::State::send(sluice::ring::State::send(int)::_ZN4send.Frame*) [clone .actor]",
                 "sluice::ring::State::send (coroutine)"),
                ("std::function<void (int)>::operator()(int) const", "std::function::operator()"),
                ("decltype(auto) sluice::x::y<int>(int)", "sluice::x::y"),
                ("sluice::Span::operator<=>(sluice::Span<void ()> const&)", "sluice::Span::operator<=>"),
                ("operator new[](unsigned long)", "operator new[]"), ("__memcpy_avx", "__memcpy_avx")):
            self.assertEqual(callgrind.short_name(function), name)

    def test_what_belongs_to_no_room_is_its_librarys(self):
        self.assertEqual(callgrind.room(("/lib/libc.so.6", "memcpy"), {"http"}), "(libc)")
        self.assertEqual(callgrind.room(("/opt/sluice", "sluice::Slice::cut<int>(int)"), {"http"}), "base, coro")
        self.assertEqual(callgrind.room(("", "0x10"), {"http"}), "(unknown)")

    def test_a_profile_is_shown_by_room_and_by_function(self):
        profile = callgrind.profile(self.few, self.many, 100, {"http"}, 10)
        grids = tables.profile_grids({"profiles": {"sluice": profile, "haproxy": profile}})
        self.assertEqual(grids, [[["room, or (library)", "sluice"], ["http", "4"]],
                                 [["function, sluice", "instructions"], ["sluice::http::parse", "4"]]])
        self.assertEqual(tables.profile_grids({}), [])


class Figures(unittest.TestCase):
    def test_a_spread_is_the_median_between_least_and_most(self):
        self.assertEqual(figures.spread([3, 1, 10]), {"median": 3, "min": 1, "max": 10})
        self.assertEqual(figures.spread([4, None, 2]), {"median": 3, "min": 2, "max": 4})
        self.assertIsNone(figures.spread([None]))

    def test_a_ratio_is_taken_within_each_round_and_not_of_the_medians(self):
        ours = [{"us": 10}, {"us": 100}, {"us": 30}]
        theirs = [{"us": 20}, {"us": 100}, {"us": 10}]
        self.assertEqual(figures.ratio(ours, theirs, "us"), {"median": 1.0, "min": 0.5, "max": 3.0})

    def test_a_round_without_a_number_has_no_ratio(self):
        self.assertIsNone(figures.ratio([{}], [{"us": 1}], "us"))
        self.assertIsNone(figures.ratio([{"us": 1}], [{"us": 0}], "us"))

    def test_nobody_is_compared_with_itself_or_with_the_absent(self):
        runs = {"sluice": [{"us": 9}], "haproxy": [{"us": 10}]}
        self.assertEqual(figures.ratios(runs, "us", ("haproxy", "floor")), {"sluice": {"haproxy": flat(0.9)}})

    def test_added_latency_is_above_direct_in_the_same_round(self):
        runs = [{"p50": 15}, {"p50": 9}]
        figures.added(runs, [{"p50": 10}, {"p50": 10}], ("p50", "p99"))
        self.assertEqual([run["p50_added"] for run in runs], [5, -1])
        self.assertNotIn("p99_added", runs[0])

    def test_a_curve_is_the_median_where_all_curves_have_a_point(self):
        curves = [[[0.5, 1], [0.9, 5], [0.99, 9]], [[0.5, 3], [0.9, 7]], [[0.5, 8], [0.9, 6]]]
        self.assertEqual(figures.median_curve(curves), [[0.5, 3], [0.9, 6]])
        self.assertEqual(figures.median_curve([None, []]), [])

    def test_each_goes_first_in_turn_and_behind_different_ones(self):
        orders = [figures.rotated("abc", number) for number in range(6)]
        self.assertEqual(orders[0], ["a", "b", "c"])
        self.assertEqual({order[0] for order in orders}, {"a", "b", "c"})
        self.assertTrue(all(sorted(order) == ["a", "b", "c"] for order in orders))
        self.assertGreater(len({order[order.index("a") - 1] for order in orders if order[0] != "a"}), 1)


class Verdicts(unittest.TestCase):
    def results(self, ratio):
        return {"sse": {"targets": {}, "ratios": {"sluice": {"haproxy": flat(ratio)}}}}

    def verdict(self, results, name, quick=False):
        return next(one for one in budgets.verdicts(results, quick) if one["name"].startswith(name))

    def test_a_budget_is_held_up_to_its_bound_and_broken_above(self):
        self.assertIs(self.verdict(self.results(0.90), "SSE, CPU")["held"], True)
        self.assertEqual(budgets.broken(budgets.verdicts(self.results(0.91))), ["SSE, CPU per event, to HAProxy's"])

    def test_a_verdict_of_one_run_says_so(self):
        for runs, one in (([{}], True), ([{}, {}], False)):
            found = self.verdict({"sse": {**self.results(0.9)["sse"], "runs": {"sluice": runs}}}, "SSE, CPU")
            self.assertEqual((found["one_run"], "one run" in tables.verdict_text(found)), (one, one))

    def test_a_ratio_of_two_scenarios_is_not_run_without_the_other(self):
        self.assertEqual(self.verdict({"keys-bad": {"targets": {}}}, "a wrong key")["why"], "not run")

    def test_a_bound_from_below_is_held_from_there_on(self):
        def workers(gain, busy=0.99, shared=None):
            return {"workers": {"targets": {"sluice": {"core_used": flat(busy)}, "sluice-2": {"gain": flat(gain)}},
                                "ratios": {"sluice-2": {"sluice": flat(1.01)}}, "shared_core": shared}}
        name = "two workers, requests"
        self.assertEqual([self.verdict(workers(gain), name)["held"] for gain in (1.9, 1.89)], [True, False])
        # Twice of what a load could give is no answer; less than that is, whatever the two waited for.
        idle = self.verdict(workers(1.95, busy=0.7), name)
        self.assertEqual((idle["held"], idle["why"]), (None, "not told: one worker was at work 70% of the time, waiting for load"))
        for budget in (name, "two workers, CPU"):
            self.assertEqual(self.verdict(workers(2.0, shared="2 cores"), budget)["why"], "not told: 2 cores")

    def test_all_budgets_are_told_of_and_why_not(self):
        found = budgets.verdicts({"sse": {"targets": {}, "ratios": {}}})
        self.assertEqual(len(found), len(budgets.BOUNDS))
        why = {one["why"] for one in found if one["scenario"] == "sse"}, {one["why"] for one in found if one["scenario"] == "chat"}
        self.assertEqual(why, ({"not measured"}, {"not run"}))
        self.assertEqual({one["why"] for one in found if one["scenario"] is None}, {"there is no scenario yet"})
        self.assertTrue(all(one["held"] is None and one["value"] is None for one in found))
        self.assertEqual(budgets.broken(found), [])

    def test_a_quick_run_is_shown_and_not_judged(self):
        found = self.verdict(self.results(5.0), "SSE, CPU", quick=True)
        self.assertEqual((found["held"], found["why"], found["value"]), (None, "not judged: a quick run", flat(5.0)))

    def test_fewer_streams_than_the_budget_is_about_tell_nothing(self):
        def streams(count):
            metrics = {"streams": flat(count), "stream_bytes": flat(1e6), "gap_p99_added": flat(1e6)}
            return {"streams-10000": {"targets": {"sluice": metrics}, "ratios": {}}}
        for name in ("10 000 paced", "active stream"):
            self.assertEqual(self.verdict(streams(8_000), name)["why"], "not told: 8,000 of 10,000 streams ran")
            self.assertIs(self.verdict(streams(8_000), name)["held"], None)
            self.assertIs(self.verdict(streams(10_000), name)["held"], False)
        idle = {"idle": {"targets": {"sluice": {"connections": flat(50), "connection_bytes": flat(9)}}, "ratios": {}}}
        self.assertEqual(self.verdict(idle, "idle")["why"], "not told: 50 of 10,000 connections ran")

    def test_latency_is_judged_by_the_differences_to_haproxy_in_each_round(self):
        def chat(*pairs):
            return {"chat": {"ratios": {}, "targets": {}, "runs": {
                "sluice": [{"p50": ours} for ours, _ in pairs], "haproxy": [{"p50": theirs} for _, theirs in pairs]}}}
        name = "chat 1 KiB, p50"
        self.assertIs(self.verdict(chat((9, 10), (20, 20), (8, 30)), name)["held"], True)
        # The medians would say 20 beside 21.
        worse = self.verdict(chat((20, 10), (30, 21), (19, 30)), name)
        self.assertEqual((worse["held"], worse["within_noise"]), (False, True))
        self.assertEqual(worse["value"], {"median": 9, "min": -11, "max": 10})
        self.assertFalse(self.verdict(chat((20, 10), (30, 21)), name)["within_noise"])

    def test_a_bound_between_least_and_most_is_within_noise_on_either_side(self):
        def spread(*numbers):
            value = dict(zip(("min", "median", "max"), numbers))
            return {"sse": {"targets": {}, "ratios": {"sluice": {"haproxy": value}}, "noisy": True}}
        said = [tables.verdict_text(self.verdict(spread(*numbers), "SSE, CPU"))
                for numbers in ((0.8, 0.85, 0.95), (0.8, 0.92, 0.95), (0.8, 0.85, 0.9))]
        self.assertEqual(said, ["held, within noise, NOISY", "BROKEN, within noise, NOISY", "held, NOISY"])

    def test_a_wrong_key_is_judged_by_what_a_right_one_costs(self):
        results = {name: {"targets": {"sluice": {"us": flat(us)}}, "ratios": {}}
                   for name, us in (("keys-bad", 12), ("chat", 10))}
        self.assertEqual(budgets.broken(budgets.verdicts(results)), ["a wrong key, CPU per request, to a right one's"])
        self.assertFalse(self.verdict(results, "a wrong key")["noisy"])
        results["chat"]["noisy"] = True
        self.assertTrue(self.verdict(results, "a wrong key")["noisy"], "either scenario makes it doubtful")

    def test_the_simulator_is_judged_by_what_the_gateway_costs(self):
        def results(us):
            runs = {"sluice": [{"us": 12}], "simulator": [{"us": us}]}
            bases = scenarios.find("simulator-chat").bases
            return {"simulator-chat": {"targets": {}, "ratios": figures.ratios(runs, "us", bases)}}
        broken = [budgets.broken(budgets.verdicts(results(us))) for us in (4, 4.1)]
        self.assertEqual(broken, [[], ["simulator, chat 1 KiB, CPU per answer, to the gateway's"]])

    def test_every_budget_names_a_scenario_there_is_or_none(self):
        for bound in budgets.BOUNDS:
            self.assertTrue(bound.scenario is None or scenarios.find(bound.scenario), bound.name)


RESULT = {
    "what": "a thing", "unit": "request", "curves": {"latency": {"sluice": [[0.0, 10], [0.5, 20], [0.99, 300]]}},
    "targets": {"direct": {"requests_per_second": flat(9)},
                "sluice": {"us": {"median": 12.5, "min": 11, "max": 14}, "user_us": flat(4), "system_us": flat(8.5)}},
    "ratios": {"sluice": {"haproxy": flat(0.8)}}, "void": {"nginx": "nginx gave <wrong> answers"},
    "others": flat(0.2), "noisy": True, "half_rate": 5000, "direct_rate": None,
    "runs": {"sluice": [{"us": 11, "latency_curve": [[0.0, 10]]}, {"us": 14, "latency_curve": [[0.0, 12]]}]},
}
FOUND = {
    "command": "tools/compare --quick", "date": "today", "rounds": 2, "seconds": 0.5,
    "machine": {"processor": "Abacus", "virtual": True, "cores": 2, "kernel": "6.12", "system": "Debian",
                "system_call_ns": 1000.0},
    "commit": "v1-3-gabcdef-dirty", "quick": False, "partial": None,
    "build": {"version": "sluice 1", "compiler": "gcc 12", "options": "buildtype=release", "doubt": None},
    "targets": {"sluice": "sluice 1"}, "notes": ["a note"], "scenarios": {"chat": RESULT},
    "budgets": [{"name": "b", "scenario": "chat", "bound": 1, "at_least": False, "unit": "x", "value": flat(2), "held": False,
                 "why": None, "one_run": False, "within_noise": False, "noisy": True}],
}


class Tables(unittest.TestCase):
    def test_a_cell_shows_the_spread_only_where_there_is_one(self):
        self.assertEqual(tables.cell({"median": 12.5, "min": 11, "max": 14}, 1, 2), "12.50 (11.00-14.00)")
        self.assertEqual(tables.cell({"median": 1, "min": 0.999, "max": 1}, 1, 1), "1.0")
        self.assertEqual(tables.cell({"median": -1, "min": -3, "max": 2}, 1, 0), "-1 (-3 to 2)")
        self.assertEqual(tables.cell(None, 1, 1), "")

    def test_columns_are_those_somebody_has_and_rows_are_targets(self):
        rows = tables.grid(RESULT, "request")
        self.assertEqual(rows[0], ["", "CPU us/request", "user us", "system us", "requests/s", "to HAProxy"])
        self.assertEqual(rows[1], ["direct", "", "", "", "9", ""])
        self.assertEqual(rows[2][-1], "0.800")

    def test_markdown_has_one_rule_and_as_many_cells_in_each_row(self):
        lines = tables.as_markdown(tables.grid(RESULT, "request")).splitlines()
        self.assertEqual(len({line.count("|") for line in lines}), 1)
        self.assertTrue(lines[1].startswith("| --- | ---: |"))

    def test_a_noisy_machine_and_a_wrong_answer_are_said(self):
        said = "\n".join(tables.conditions(RESULT))
        self.assertIn("NOISY", said)
        self.assertIn("NO NUMBERS for nginx", said)
        self.assertNotIn("NOISY", "\n".join(tables.conditions({**RESULT, "noisy": False})))

    def test_a_machine_is_noisy_where_others_use_more_than_a_tenth(self):
        self.assertEqual([figures.noisy(flat(used)) for used in (0.1, 0.11)], [False, True])
        self.assertFalse(figures.noisy(None))

    def test_a_budget_shows_its_sign_its_spread_and_why_it_is_not_judged(self):
        broken, = FOUND["budgets"]
        lower = {**broken, "at_least": True, "held": None, "why": "not run", "value": None}
        spread = {**broken, "value": {"median": -0.5, "min": -1234.4, "max": 9}, "unit": "us"}
        self.assertEqual(tables.budget_grid([broken, lower, spread])[1:], [
            ["b", "<= 1 x", "2 x", "BROKEN, NOISY"], ["b", ">= 1 x", "", "not run"],
            ["b", "<= 1 us", "-0.5 (-1234 to 9) us", "BROKEN, NOISY"]])


class Report(unittest.TestCase):
    def test_a_dear_system_call_is_said_to_flatter(self):
        self.assertIn("flatters", "\n".join(report.machine_lines(FOUND)))
        cheap = {**FOUND, "machine": {**FOUND["machine"], "system_call_ns": 90.0}}
        self.assertNotIn("flatters", "\n".join(report.machine_lines(cheap)))

    def test_every_form_says_what_was_measured_and_what_makes_it_doubtful(self):
        doubtful = {**FOUND, "quick": True, "partial": "It ended in sse: interrupted",
                    "build": {**FOUND["build"], "doubt": "built with b_sanitize=address"}}
        for text in (report.as_markdown(doubtful), report.as_html(doubtful), report.closing_text(doubtful)):
            for part in ("v1-3-gabcdef-dirty", "gcc 12", "buildtype=release", "PARTIAL", "It ended in sse", "QUICK",
                         "NOISY: chat", "b_sanitize=address"):  # fmt: skip
                self.assertIn(part, text)
        for text in (report.as_markdown(FOUND), report.as_html(FOUND)):
            self.assertIn("chat: a thing (NOISY)", text)
            for part in ("PARTIAL", "QUICK", "BUILD"):
                self.assertNotIn(part, text)
        self.assertNotIn("sources at", report.as_markdown({**FOUND, "commit": None}))

    def test_the_published_page_shows_its_plots_as_files_beside_it(self):
        files = report.as_files(FOUND)
        self.assertEqual(set(files), {"REPORT.md", "REPORT.json", "report-chat.svg"})
        self.assertIn("![chat: a thing (NOISY)](report-chat.svg)", files["REPORT.md"])
        drawn = xml.dom.minidom.parseString(files["report-chat.svg"]).documentElement
        self.assertEqual(drawn.getAttribute("xmlns"), "http://www.w3.org/2000/svg")
        plots_inside = [node for node in drawn.childNodes if node.nodeName == "svg"]
        self.assertEqual(len(plots_inside), 2)  # cost and latency
        kept = json.loads(files["REPORT.json"])["scenarios"]["chat"]
        self.assertEqual(kept["runs"], {"sluice": [{"us": 11}, {"us": 14}]})
        self.assertEqual(kept["curves"], RESULT["curves"])
        self.assertEqual(len(FOUND["scenarios"]["chat"]["runs"]["sluice"][0]), 2, "what was given is left alone")

    def test_the_published_page_begins_with_machine_commit_command_and_budgets(self):
        page = report.as_files(FOUND)["REPORT.md"]
        parts = ("`tools/compare --quick`", "Abacus", "today", "v1-3-gabcdef-dirty", "## Budgets", "BROKEN", "## chat", "| CPU us/request",
                 "![chat")  # fmt: skip
        places = [page.index(part) for part in parts]
        self.assertEqual(places, sorted(places))

    def test_the_page_is_whole_and_fetches_nothing(self):
        page = report.as_html(FOUND)
        self.assertIn("&lt;wrong&gt;", page)
        self.assertIn('class="broken">BROKEN', page)
        for word in ("http:", "https:", "src=", "<script", "@import"):
            self.assertNotIn(word, page)

    def test_markdown_names_what_it_shows(self):
        text = report.as_markdown(FOUND)
        for part in ("# Sluice compared", "## Budgets", "## chat: a thing", "BROKEN", "a note"):
            self.assertIn(part, text)


class Plots(unittest.TestCase):
    def drawn(self, svg):
        return xml.dom.minidom.parseString(svg)

    def test_the_tail_gets_the_room(self):
        self.assertAlmostEqual(plots.nines(0.9), 1)
        self.assertAlmostEqual(plots.nines(0.999) - plots.nines(0.99), 1)

    def test_a_curve_goes_right_and_up(self):
        svg = self.drawn(plots.curves("latency", RESULT["curves"]["latency"]))
        points = svg.getElementsByTagName("polyline")[0].getAttribute("points").split()
        places = [tuple(map(float, point.split(","))) for point in points]
        self.assertEqual(len(places), 3)
        self.assertEqual(places, sorted(places, key=lambda place: (place[0], -place[1])))

    def test_bars_are_as_long_as_what_they_stand_for(self):
        svg = self.drawn(plots.bars("cost", {"sluice": (1, 3), "haproxy": (2, 6)}, "us"))
        widths = [float(bar.getAttribute("width")) for bar in svg.getElementsByTagName("rect")]
        self.assertAlmostEqual(widths[1] / widths[0], 3, places=1)
        self.assertAlmostEqual(widths[3] / widths[1], 2, places=1)

    def test_long_names_stay_inside(self):
        names = [letter * 24 for letter in "abcd"]
        for svg in (plots.bars("cost", {name: (1, 3) for name in names}, "us"),
                    plots.lines("a", {name: [(1, 5), (2, 6)] for name in names}, "x", "y")):
            labels = [label for label in self.drawn(svg).getElementsByTagName("text") if label.firstChild.data in names]
            for label in labels:
                end = float(label.getAttribute("x"))
                start = end - plots.width_of("a" * 24)
                if label.getAttribute("text-anchor") == "start":
                    start, end = end, end + plots.width_of("a" * 24)
                self.assertTrue(0 <= start and end <= plots.WIDTH, (start, end))
            self.assertEqual(len(labels), 4)

    def test_ticks_are_round_and_inside(self):
        self.assertEqual(plots.Axis(0, 23, 0, 100).ticks(), [0, 5, 10, 15, 20])
        self.assertEqual([round(tick) for tick in plots.Axis(90, 2100, 0, 1, True).ticks()],
                         [100, 200, 500, 1000, 2000])

    def test_a_short_logarithmic_axis_has_ticks_all_the_same(self):
        self.assertEqual([round(tick) for tick in plots.Axis(210, 450, 0, 1, True).ticks()],
                         [250, 300, 350, 400, 450])

    def test_a_file_holds_plots_in_rows_that_do_not_overlap(self):
        one = plots.lines("a", {"sluice": [(1, 5), (2, 6)]}, "x", "y")
        low = plots.bars("b", {"sluice": (1, 3)}, "us")
        whole = self.drawn(plots.as_file([low, one, one], columns=2)).documentElement
        boxes = [tuple(int(node.getAttribute(key)) for key in ("x", "y", "width", "height"))
                 for node in whole.childNodes if node.nodeName == "svg"]  # fmt: skip
        self.assertEqual([box[:2] for box in boxes],
                         [(0, 0), (plots.WIDTH + plots.GAP, 0), (0, plots.HEIGHT + plots.GAP)])
        self.assertEqual(int(whole.getAttribute("height")), 2 * plots.HEIGHT + plots.GAP)
        self.assertEqual(int(whole.getAttribute("width")), 2 * plots.WIDTH + plots.GAP)

    def test_nothing_is_drawn_of_nothing(self):
        for plot in (plots.curves("a", {}), plots.bars("a", {}, "us"), plots.lines("a", {"x": []}, "x", "y")):
            self.assertEqual(plot, "")

    def test_a_flat_line_is_drawn_too(self):
        self.drawn(plots.lines("a", {"sluice": [(1, 5), (1, 5)]}, "x", "y", x_log=True))


class SystemCalls(unittest.TestCase):
    def test_without_tracefs_it_is_said_how_to_have_it(self):
        missing = pathlib.Path("/nowhere/sys_enter/id")
        with unittest.mock.patch.object(system_calls, "TRACEPOINT", missing):
            counter = system_calls.SystemCalls([os.getpid()])
        self.assertIn("No such file", counter.why_not)
        self.assertIn("mount -t tracefs", counter.why_not)

    def test_a_tracepoint_that_is_not_ours_to_read_is_a_reason_too(self):
        with unittest.mock.patch.object(pathlib.Path, "read_text",
                                        side_effect=PermissionError(13, "Permission denied", system_calls.TRACEPOINT)):
            counter = system_calls.SystemCalls([os.getpid()])
        self.assertIn("as root", counter.why_not)


class TakingTurns(unittest.TestCase):
    def rounds(self, scenario):
        options = argparse.Namespace(say=lambda text: self.said.append(text))
        self.said = []
        return rounds.Rounds(None, scenario, options, dict.fromkeys(("direct", "sluice", "haproxy")))

    def test_a_wrong_answer_takes_all_of_a_targets_numbers(self):
        played = self.rounds(scenarios.find("chat"))
        asked = []

        def turn(name):
            asked.append(name)
            if name == "haproxy" and asked.count(name) == 2:
                raise stage.WrongAnswer("haproxy gave wrong answers")
            return {"us": 10.0, "others": 0.1}

        played.play(3, [turn], shown="us")
        result = played.result()
        self.assertEqual(sorted(result["targets"]), ["direct", "sluice"])
        self.assertEqual(result["void"], {"haproxy": "haproxy gave wrong answers"})
        self.assertEqual((asked.count("haproxy"), asked.count("sluice")), (2, 3))
        self.assertTrue(any("NO NUMBERS for haproxy" in text for text in self.said))

    def test_who_fails_otherwise_leaves_too_and_the_others_go_on(self):
        for failure in (processes.Trouble("haproxy ended with status 139"), ConnectionResetError("reset")):
            def turn(name, failure=failure):
                if name == "haproxy":
                    raise failure
                return {"us": 10.0, "others": 0.1}
            played = self.rounds(scenarios.find("chat"))
            played.play(2, [turn], shown="us")
            self.assertEqual(played.result()["void"], {"haproxy": str(failure)})
            self.assertEqual(sorted(played.result()["targets"]), ["direct", "sluice"])

    def test_our_own_mistakes_end_it(self):
        def turn(name):
            raise KeyError(name)
        with self.assertRaises(KeyError):
            self.rounds(scenarios.find("chat")).play(1, [turn], shown="us")

    def test_direct_takes_part_where_the_scenario_lets_it(self):
        self.assertIn("direct", self.rounds(scenarios.find("chat")).targets)
        self.assertNotIn("direct", self.rounds(scenarios.find("keys-bad")).targets)

    def test_a_round_is_as_noisy_as_its_busiest_turn(self):
        played = self.rounds(scenarios.find("chat"))
        played.play(1, [lambda name: {"us": 10.0, "others": 0.3} if name != "direct" else {},
                        lambda name: {"p50": 1.0, "others": 0.1} if name != "direct" else {}], shown="us")
        self.assertEqual([runs[0].get("others") for runs in played.runs.values()], [None, 0.3, 0.3])

    def test_ratios_are_to_the_bases_of_the_scenario(self):
        played = self.rounds(scenarios.find("simulator-sse"))
        played.play(1, [lambda name: {"us": 10.0, "others": 0.1}], shown="us")
        ratios = played.result()["ratios"]
        self.assertEqual({base for bases in ratios.values() for base in bases}, {"sluice"})

    def test_every_scenario_is_measured_by_a_module_there_is(self):
        for scenario in scenarios.SCENARIOS:
            self.assertTrue((ROOT / "bench" / "compare" / f"{scenario.kind}.py").exists(), scenario.name)
        self.assertEqual(len({scenario.name for scenario in scenarios.SCENARIOS}), len(scenarios.SCENARIOS))


class Usage(unittest.TestCase):
    def test_time_divides_as_the_ticks_do_and_its_sum_is_exact(self):
        before, after = processes.Usage(1.0, 10, 20), processes.Usage(5.0, 20, 50)
        self.assertEqual(after.since(before), (1.0, 3.0))
        self.assertEqual(processes.Usage(1.5, 10, 20).since(before), (0.0, 0.5))


class PacedStreams(unittest.TestCase):
    def played(self, descriptors_max):
        options = argparse.Namespace(streams_of=lambda scenario: scenario.connections, pace_of=lambda scenario: scenario.pace,
                                     seconds=1, rounds=1, say=lambda text: None)
        played = paced.Paced(argparse.Namespace(descriptors_max=descriptors_max), scenarios.find("streams-10000"), options,
                             {"direct": None})  # fmt: skip
        played.run_alone = lambda name: {}
        return played, played.measure()

    def test_so_many_begin_that_the_number_asked_for_is_under_way_and_ramps_do_not_count(self):
        played, _ = self.played(65_536)
        asked = []

        def load(_, arguments):
            asked.extend(arguments)
            return dict.fromkeys(("first_content_us", "gap_us"), {"p50": 1, "p99": 1, "p99_9": 1, "curve": []}), {}
        played.load = load
        played.open_loop(None)
        given = {name: float(value) for name, value in zip(asked[::2], asked[1::2])}
        seconds = scenarios.find("streams-10000").pace.seconds
        self.assertAlmostEqual(given["--rate"] * seconds, 10_000, delta=1)
        self.assertGreater(given["--connections"], 10_000)
        self.assertEqual((given["--warmup"], given["--cooldown"]), (seconds, seconds))
        self.assertGreaterEqual(given["--duration"], seconds)

    def test_fewer_than_were_asked_for_are_said(self):
        self.assertIn("3420 of 10000 (a process may have 8000 files open) streams at once", self.played(8_000)[1]["notes"][0])
        self.assertIn("10000 streams at once", self.played(65_536)[1]["notes"][0])


class Workers(unittest.TestCase):
    def test_what_two_gain_is_told_round_by_round(self):
        two = [{"requests_per_second": 30}, {"requests_per_second": 20}]
        workers.add_gain(two, [{"requests_per_second": 15}, {"requests_per_second": 20}])
        self.assertEqual([run["gain"] for run in two], [2, 1])

    def test_with_four_cores_each_worker_has_one_and_else_all_share_one(self):
        part = scenarios.find("workers").part
        few = {"proxy": 1, "load": 0, "simulator": 0, "workers": (1,), "loads": (0,)}
        many = {"proxy": 3, "load": 0, "simulator": 1, "workers": (2, 3), "loads": (0, 1)}
        self.assertEqual(stage.place(part, few), {"proxy": 1, "load": 1, "simulator": 1, "workers": (1,), "loads": (1,)})
        self.assertEqual(stage.place(part, many), {**many, "simulator": (0, 1)})
        self.assertEqual(stage.place(stage.Part(), many), many)
        self.assertIsNone(workers.shared_core(4))
        self.assertIn("2 cores", workers.shared_core(2))


class Build(unittest.TestCase):
    def test_a_build_that_is_no_release_is_doubted(self):
        self.assertIsNone(machine.build_doubt({"optimization": "3", "b_sanitize": "none"}))
        self.assertEqual(machine.build_doubt({}), "with unknown options")
        self.assertIn("sanitize=address", machine.build_doubt({"optimization": "3", "b_sanitize": "address"}))
        self.assertIn("optimization=0", machine.build_doubt({"optimization": "0"}))

    @unittest.skipUnless(shutil.which("git"), "there is no git")
    def test_sources_outside_a_repository_of_their_own_have_no_commit(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertIsNone(machine.commit_of(folder))
            subprocess.run(["git", "init", "-q", folder], check=True, timeout=60)
            inside = pathlib.Path(folder) / "unpacked"
            inside.mkdir()
            subprocess.run(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty",
                            "-m", "a"], check=True, timeout=60)  # fmt: skip
            self.assertRegex(machine.commit_of(folder), "^[0-9a-f]{7,}$")
            self.assertIsNone(machine.commit_of(inside))


class Strangers(unittest.TestCase):
    def test_a_target_is_a_name_an_address_and_settings(self):
        found = strangers.parse_stranger("other=http://127.0.0.1:4000,key=sk-1,model=m")
        self.assertEqual((found.name, found.url, found.port, found.key, found.model),
                         ("other", "http://127.0.0.1:4000", 4000, "sk-1", "m"))

    def test_what_is_no_target_is_refused(self):
        for text in ("http://127.0.0.1:4000", "other=127.0.0.1:4000", "other=http://host", "o=http://h:1,pin=3",
                     "o=http://h:99999", "o=http://h:1/v1", "o=http://user:word@h:1", "o=http://:1",
                     "a b=http://h:1", "../o=http://h:1", "<b>=http://h:1", "=http://h:1", "a|b=http://h:1", "o" * 25 + "=http://h:1",
                     "o=http://h:1,key_env=SLUICE_NOBODY_SETS_THIS"):  # fmt: skip
            with self.assertRaises(argparse.ArgumentTypeError, msg=text):
                strangers.parse_stranger(text)

    def test_a_complaint_shows_no_key(self):
        for text in ("o=http://h,key=sk-secret", "a b=http://h:1,key=sk-secret", "o=http://h:1,key=sk-secret,pin=3"):
            with self.assertRaises(argparse.ArgumentTypeError) as complaint:
                strangers.parse_stranger(text)
            self.assertNotIn("sk-secret", str(complaint.exception))

    def test_a_key_comes_from_the_environment(self):
        with unittest.mock.patch.dict(os.environ, {"OTHER_KEY": "sk-1"}):
            self.assertEqual(strangers.parse_stranger("o=http://h:1,key_env=OTHER_KEY").key, "sk-1")

    def test_no_two_targets_have_one_name(self):
        def taken(*names):
            return strangers.name_taken([strangers.Stranger(name, "http://h:1") for name in names], scenarios.NAMES)
        self.assertIsNone(taken("other", "another"))
        self.assertEqual([taken("other", "other"), taken("haproxy"), taken("direct")], ["other", "haproxy", "direct"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
