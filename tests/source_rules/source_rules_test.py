"""Reads the sources and holds what a program can check; rules.py says what that is.

Usage: source_rules_test.py ROOT
Every rule is first shown a sample that breaks it: a rule that cannot fail checks nothing.
"""

import sys
import unittest

import rules
from sources import Source, read_tree, rooms_in_order

BUILD = Source("src/meson.build", "subdir('base')\nsubdir('ring')\nsubdir('net')\n")


def complaints(rule, *files):
    """What a rule says of a tree of (path, text) pairs."""
    return list(rule([BUILD, *(Source(path, text) for path, text in files)]))


class RulesCanFail(unittest.TestCase):
    def assert_one(self, rule, part, *files):
        found = [text for text in complaints(rule, *files) if "REVEALS and" not in text]
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def assert_none(self, rule, *files):
        self.assertEqual([text for text in complaints(rule, *files) if "REVEALS and" not in text], [])

    def test_the_order_of_rooms_is_read_from_the_build(self):
        self.assertEqual(rooms_in_order([BUILD]), ["base", "ring", "net"])

    def test_an_include_of_a_lower_room_is_found(self):
        rule = rules.a_room_includes_only_rooms_above_it
        below = '// why\n#include "sluice/net/stream.h"\n'
        self.assert_one(rule, "src/ring/a.cc:2: room ring includes", ("src/ring/a.cc", below))
        self.assert_one(rule, "net is below it", ("include/sluice/base/a.h", below))
        self.assert_one(rule, "net is below it", ("tests/ring/a_test.cc", below))
        self.assert_none(rule, ("src/net/a.cc", below), ("src/main.cc", below))
        self.assert_none(rule, ("src/ring/a.cc", '// #include "sluice/net/stream.h"\n'))
        self.assert_one(rule, "from this folder", ("src/net/a.cc", '#include "../ring/a.h"\n'))
        self.assert_one(rule, "no room attic", ("src/net/a.cc", '#include "sluice/attic/a.h"\n'))
        self.assert_one(rule, "which holds the order", ("src/attic/a.cc", ""))

    def test_a_library_outside_its_room_is_found(self):
        rule = rules.a_library_is_one_rooms_business
        self.assert_one(rule, "belongs to room ring", ("src/net/a.cc", "#include <liburing.h>\n"))
        self.assert_none(rule, ("src/ring/a.cc", "#include <liburing.h>\n"))

    def test_a_header_without_purpose_or_guard_is_found(self):
        rule = rules.a_header_opens_with_its_purpose
        self.assert_one(rule, "says what this is", ("include/sluice/ring/a.h", "#pragma once\n// A late word.\n"))
        self.assert_one(rule, "says what this is", ("include/sluice/ring/a.h", "// a.h\n#pragma once\n"))
        self.assert_one(rule, "#pragma once", ("src/ring/a.h", "// A ring that turns.\n// #pragma once\n"))
        self.assert_none(rule, ("src/ring/a.h", "// A ring that turns.\n#pragma once\n"))

    def test_a_header_without_test_is_found(self):
        rule = rules.a_header_has_its_test
        header = ("include/sluice/ring/sim/clock.h", "")
        self.assert_one(rule, "tests/ring/sim/clock_test.cc", header)
        self.assert_one(rule, "does not exist", header, ("tests/net/clock_test.cc", ""))
        self.assert_none(rule, header, ("tests/ring/sim/clock_test.cc", ""))
        self.assert_none(rule, header, ("tests/ring/sim_clock_test.cc", ""))

    def test_a_test_nobody_builds_is_found(self):
        rule = rules.a_test_is_built
        test = ("tests/ring/a_test.cc", "")
        self.assert_one(rule, "never runs", test, ("tests/ring/meson.build", "'other_a_test.cc'"))
        self.assert_none(rule, test, ("tests/ring/meson.build", "'a_test.cc'"))
        self.assert_none(rule, test, ("tests/ring/meson.build", "foreach x : ['a']\n x + '_test.cc'"))

    def test_a_long_file_is_found(self):
        rule = rules.no_file_is_too_long
        self.assert_one(rule, "501 lines", ("src/ring/a.cc", "\n" * 501))
        self.assert_none(rule, ("src/ring/a.cc", "\n" * 500))

    def test_a_mark_without_kind_is_found(self):
        rule = rules.a_mark_says_its_kind
        for mark in ("TODO: later", "FIXME", "XXX hm", "TODO(me): later", "TODO(perf):"):
            self.assert_one(rule, "src/ring/a.cc:2", ("src/ring/a.cc", f"\n// {mark}\n"))
        self.assert_none(rule, ("src/ring/a.cc", "// TODO(perf): Measure the other order.\n"))

    def test_a_revealed_secret_is_found(self):
        rule = rules.a_secret_is_revealed_where_it_is_listed
        self.assert_one(rule, "src/net/a.cc:1", ("src/net/a.cc", "send(key.reveal());\n"))
        self.assert_none(rule, ("src/net/a.cc", "// reveal() is not called\n"))
        self.assert_none(rule, ("src/base/secret.cc", "key.reveal();\n"))

    def test_a_throw_on_the_data_path_is_found(self):
        rule = rules.the_data_path_throws_nothing
        self.assert_one(rule, "src/net/a.cc:1", ("src/net/a.cc", "throw 1;\n"))
        self.assert_none(rule, ("src/net/a.cc", 'say("throw");  // throw\n'), ("src/main.cc", "throw 1;\n"))

    def test_a_clock_outside_the_ring_is_found(self):
        rule = rules.only_the_ring_reads_a_clock
        for read in ("std::chrono::steady_clock::now()", "clock_gettime(c, &t)", "time(nullptr)"):
            self.assert_one(rule, "reads a clock", ("src/net/a.cc", f"auto t = {read};\n"))
            self.assert_none(rule, ("src/ring/a.cc", f"auto t = {read};\n"))
        self.assert_none(rule, ("src/net/a.cc", "loop.now(); drain_time(0);\n"))

    def test_a_detached_thread_and_a_plain_assert_are_found(self):
        rule = rules.nothing_is_left_to_itself
        self.assert_one(rule, "join it", ("src/net/a.cc", "thread.detach();\n"))
        self.assert_one(rule, "SLUICE_ASSERT", ("src/net/a.cc", "assert(x);\n"))
        self.assert_none(rule, ("src/net/a.cc", "static_assert(x); SLUICE_ASSERT(x);\n"))

    def test_untidy_text_is_found(self):
        rule = rules.text_is_plain
        for text in ("a \n", "\ta\n", "a\r\n", "a"):
            self.assert_one(rule, "tools/a:1", ("tools/a", text))
        self.assert_none(rule, ("tools/a", "a\n"))

    def test_comments_and_literals_are_told_apart(self):
        source = Source("a.cc", "f(\"// no\", '\"', 1'000); // yes\nR\"x(/* no */)x\" /* yes */\n")
        self.assertIn("// no", source.code)
        self.assertIn("/* no */", source.code)
        self.assertNotIn("yes", source.code)
        self.assertNotIn("no", source.bare_code)
        self.assertEqual(len(source.code), len(source.text))


def check_tree(root):
    """Prints every complaint about the tree; returns how many there are."""
    sources = read_tree(root)
    if sum(source.is_cpp for source in sources) < 20:
        print(f"{root} holds hardly any source: is it the project's root?")
        return 1
    count = 0
    checks = [(rule.__name__, rule(sources)) for rule in rules.RULES]
    checks.append(("the_code_is_formatted", rules.formatting_complaints(root, sources)))
    for name, found in checks:
        for index, complaint in enumerate(found):
            if index == 0:
                print(f"\nrule: {name.replace('_', ' ')}")
            print(f"  {complaint}")
            count += 1
    print(f"{len(checks)} rules, {len(sources)} files, {count} complaints")
    return count


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    samples = unittest.main(argv=sys.argv[:1], exit=False)
    complaints_count = check_tree(sys.argv[1])
    return 0 if samples.result.wasSuccessful() and complaints_count == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
