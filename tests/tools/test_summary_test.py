"""tools/test_summary.py: every outcome of a test program is counted once, and a crash is never a pass.

Usage: test_summary_test.py ROOT
"""

import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop()) if len(sys.argv) == 2 else pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import test_summary  # noqa: E402  (the path above comes first)

CASES = """<testsuites><testsuite name="Head">
<testcase name="Passes" status="run" result="completed" classname="Head"/>
<testcase name="Fails" status="run" result="completed" classname="Head"><failure message="x"/></testcase>
<testcase name="Skips" status="run" result="skipped" classname="Head"><skipped message="x"/></testcase>
<testcase name="Off" status="notrun" result="suppressed" classname="Head"/>
</testsuite></testsuites>"""


class Counting(unittest.TestCase):
    def count(self, entries, files):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "log.json")
            log.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
            for name, text in files.items():
                pathlib.Path(folder, name).write_text(text)
            return test_summary.count_run(log, folder)

    def entry(self, result, program="/build/tests/http/http_test"):
        return {"name": "http", "result": result, "command": [program]}

    def test_cases_are_counted_where_a_program_reports_them(self):
        count = self.count([self.entry("FAIL")], {"http_test.xml": CASES})
        self.assertEqual((count.passed, count.failed, count.skipped), (1, ["Head.Fails"], ["Head.Skips"]))

    def test_a_program_without_cases_counts_as_one(self):
        count = self.count([self.entry("OK"), self.entry("SKIP", "other")], {})
        self.assertEqual((count.passed, count.failed, count.skipped), (1, [], ["http"]))

    def test_a_crash_is_a_failure_even_when_every_case_passed(self):
        passing = CASES.replace('<failure message="x"/>', "")
        for result in ("FAIL", "TIMEOUT", "ERROR", "INTERRUPT"):
            count = self.count([self.entry(result)], {"http_test.xml": passing})
            self.assertEqual(count.failed, [f"http ({result.lower()})"])
        self.assertEqual(self.count([self.entry("FAIL")], {}).failed, ["http (fail)"])

    def test_half_a_report_is_no_report(self):
        count = self.count([self.entry("FAIL")], {"http_test.xml": CASES[:90]})
        self.assertEqual((count.passed, count.failed), (0, ["http (fail)"]))

    def test_a_program_that_ran_twice_is_summed(self):
        entries = [self.entry("FAIL"), self.entry("FAIL")]
        count = self.count(entries, {"http_test.xml": CASES, "http_test_1.xml": CASES})
        self.assertEqual(count.passed, 2)
        self.assertGreaterEqual(len(count.failed), 2)


class Selecting(unittest.TestCase):
    tests = [
        {"name": "base", "suite": ["sluice:unit"]},
        {"name": "client", "suite": ["sluice:e2e"]},
        {"name": "source_rules", "suite": ["sluice:unit"]},
    ]

    def test_nothing_asked_is_everything(self):
        self.assertEqual(test_summary.select(self.tests, "", "", "none"), ["base", "client", "source_rules"])

    def test_suite_name_and_sanitizer_narrow_it(self):
        self.assertEqual(test_summary.select(self.tests, "unit", "", "none"), ["base", "source_rules"])
        self.assertEqual(test_summary.select(self.tests, "", "client", "none"), ["client"])
        self.assertEqual(test_summary.select(self.tests, "unit", "", "thread"), ["base"])

    def test_a_name_that_does_not_exist_selects_nothing(self):
        self.assertEqual(test_summary.select(self.tests, "", "base,bose", "none"), [])


if __name__ == "__main__":
    unittest.main()
