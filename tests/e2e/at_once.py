"""Runs the tests of a file at the same time, each in a thread of its own: for tests that mostly wait."""

import threading
import unittest


def main(module):
    """As unittest.main(): names on the command line choose tests, the exit status says how it went."""
    program = unittest.TestProgram(module=module, exit=False, testRunner=_Runner)
    raise SystemExit(0 if program.result.wasSuccessful() else 1)


def _each(test):
    if isinstance(test, unittest.TestCase):
        yield test
        return
    for inner in test:
        yield from _each(inner)


class _Runner(unittest.TextTestRunner):
    def run(self, test):
        return super().run(_AtOnce(_each(test)))


class _AtOnce(unittest.TestSuite):
    def run(self, result, debug=False):
        tests = [(test, unittest.TestResult()) for test in self]
        threads = [threading.Thread(target=test.run, args=(own,)) for test, own in tests]
        for thread in threads:
            thread.start()
        for (test, own), thread in zip(tests, threads):
            thread.join()
            self._report(test, own, result)
        return result

    @staticmethod
    def _report(test, own, result):
        """Tells what a thread found, in the tests' own order."""
        result.startTest(test)
        for kind in ("failures", "errors"):
            getattr(result, kind).extend(getattr(own, kind))
        for _, reason in own.skipped:
            result.addSkip(test, reason)
        if not own.wasSuccessful():
            result.stream.writeln("FAIL")
        elif not own.skipped:
            result.addSuccess(test)
        result.stopTest(test)
