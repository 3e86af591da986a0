"""What a program can check of how Sluice is written.

Each rule takes the sources and yields complaints, "path:line: what is wrong, and what would be
right". A rule that needs an exception has a table below, where the reason stands beside it.
"""

import re
import shutil
import subprocess

from sources import rooms_in_order

CLANG_FORMAT_VERSION = 19

# Lines of one file. One idea per file: the bound is where reading it in one sitting ends.
LINES_MAX = {"include": 300, "src": 500, "tests": 900, "bench": 500, "tools": 600}

# Who may see a secret's bytes, and what for. Tests may.
REVEALS = {
    "include/sluice/base/secret.h": "declares it",
    "src/base/secret.cc": "clones and compares",
    "src/main.cc": "sluice keygen prints the key it made, once",
    "src/net/tls_certificate.cc": "hands a private key to BoringSSL",
    "src/catalog/deployment.cc": "writes a provider's authorization header, once, when it is built",
    "src/catalog/aws_key.cc": "tells an access key from an API key, and takes its parts",
    "src/upstream/aws_signature.cc": "derives a signing key from it, and signs a session token",
    "src/catalog/token_source.cc": "takes a credentials file's parts, and tells two sources apart",
    "src/upstream/jwt.cc": "signs with a private key",
    "src/upstream/token_request.cc": "writes the form that asks for a token, and checks the token",
    "src/upstream/token_holder.cc": "sends that form, to the token server alone",
    "tools/simulator/token.cc": "gives the key that was chosen for it away, as its token",
    "src/gateway/attempt.cc": "puts that header into the request it sends",
    "src/gateway/provider_probe.cc": "puts it into the probe it sends",
}

# Each library is one room's business; the others see that room's interface.
LIBRARIES = {
    "liburing.h": {"ring"},
    "liburing/": {"ring"},
    "linux/io_uring.h": {"ring"},
    "simdjson.h": {"json", "catalog"},  # the catalogue is a JSON file, read at start
    "ares.h": {"net"},
    "nghttp2/": {"http"},
    "toml++/": {"config", "catalog"},
    "sqlite3.h": {"store"},
    "openssl/ssl.h": {"net"},
    "openssl/x509.h": {"net"},
}

# Rooms on the data path: an exception there has nobody to catch it.
NO_THROW = {"base", "coro", "ring", "net", "http", "json", "llm", "upstream", "route", "policy",
            "telemetry", "gateway"}  # fmt: skip

CLOCKS = re.compile(
    r"\b(?:clock_gettime|gettimeofday|(?:steady|system|high_resolution|utc)_clock::now)\b"
    r"|\bstd::time\s*\(|(?<![\w:.>])time\s*\(\s*(?:nullptr|NULL|0)\s*\)"
)

MARK = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b.*")
MARK_ALLOWED = re.compile(r"TODO\((?:perf|security|test|cleanup)\): \S.*")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def at(source, offset, complaint):
    return f"{source.path}:{line_of(source.text, offset)}: {complaint}"


def a_room_includes_only_rooms_above_it(sources):
    rooms = rooms_in_order(sources)
    for source in sources:
        if not source.is_cpp or source.parts[0] not in ("include", "src", "tests"):
            continue
        known = source.room in rooms
        if source.parts[0] in ("include", "src") and source.room and not known:
            yield f"{source.path}:1: room {source.room} is not in src/meson.build, which holds the order"
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', source.code, re.MULTILINE):
            included = match.group(1)
            support = source.parts[0] == "tests" and included.startswith("../support/")
            if ".." in included.split("/") and not support:
                yield at(source, match.start(), f"{included}: name the file from include/ or from this folder")
                continue
            if not included.startswith("sluice/") or not known:
                continue
            target = included.split("/")[1]
            if target not in rooms:
                yield at(source, match.start(), f"{included}: there is no room {target}")
            elif rooms.index(target) > rooms.index(source.room):
                yield at(source, match.start(), f"room {source.room} includes {included}, but {target} is below it")


def a_library_is_one_rooms_business(sources):
    for source in sources:
        if not source.is_cpp or source.parts[0] not in ("include", "src"):
            continue
        for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]*<([^>]+)>", source.code, re.MULTILINE):
            for library, rooms in LIBRARIES.items():
                named = match.group(1).startswith(library) if library.endswith("/") else match.group(1) == library
                if named and source.room not in rooms:
                    yield at(source, match.start(), f"<{match.group(1)}> belongs to room {', '.join(sorted(rooms))}")


def a_header_opens_with_its_purpose(sources):
    for source in sources:
        if not source.is_header:
            continue
        opening = re.match(r"(?:// ?[^\n]*\n)+", source.text)
        if not opening or len(re.sub(r"[^A-Za-z]", "", opening.group())) < 12:
            yield f"{source.path}:1: open with a comment that says what this is"
        if not re.search(r"^#pragma once$", source.code, re.MULTILINE):
            yield f"{source.path}:1: #pragma once is missing"


def a_header_has_its_test(sources):
    """include/sluice/<room>/a/b.h is pinned by b_test.cc or a_b_test.cc somewhere in tests/<room>."""
    tests = {}
    for source in sources:
        if source.parts[0] == "tests" and source.name.endswith("_test.cc"):
            tests.setdefault(source.room, set()).add(source.name)
    for source in sources:
        if source.parts[:2] != ("include", "sluice") or not source.is_header:
            continue
        inner = "/".join(source.parts[3:])[: -len(".h")]
        names = {inner.split("/")[-1] + "_test.cc", inner.replace("/", "_") + "_test.cc"}
        if not names & tests.get(source.room, set()):
            yield f"{source.path}:1: its test tests/{source.room}/{inner}_test.cc does not exist"


def a_test_is_built(sources):
    """A test that no meson.build names, whole or as 'thing' + '_test.cc', would never run."""
    builds = [source for source in sources if source.parts[0] == "tests" and source.name == "meson.build"]
    for source in sources:
        kind = re.search(r"_(?:test|fuzz)\.cc$", source.name)
        if source.parts[0] != "tests" or not kind:
            continue
        thing = re.escape(source.name[: kind.start()])
        whole = rf"(?<!\w){thing}{re.escape(kind.group())}'"
        in_parts = rf"'{thing}'(?s:.*)'{re.escape(kind.group())}'"
        if not any(re.search(f"{whole}|{in_parts}", build.text) for build in builds):
            yield f"{source.path}:1: no meson.build under tests names it, so it never runs"


def no_file_is_too_long(sources):
    for source in sources:
        bound = LINES_MAX.get(source.parts[0])
        lines = source.text.count("\n")
        if source.is_cpp and bound is not None and lines > bound:
            yield f"{source.path}:{bound}: {lines} lines, and {bound} are the most here: which two ideas are in it?"


def a_mark_says_its_kind(sources):
    for source in sources:
        if source.path.startswith("tests/source_rules/"):
            continue  # speaks about marks
        for match in MARK.finditer(source.text):
            if not MARK_ALLOWED.match(match.group()):
                yield at(source, match.start(), "write TODO(perf|security|test|cleanup): and a sentence, or do it")


def a_secret_is_revealed_where_it_is_listed(sources):
    for source in sources:
        if not source.is_cpp or source.parts[0] not in ("include", "src", "tools"):
            continue
        match = re.search(r"\breveal\s*\(", source.bare_code)
        if match and source.path not in REVEALS:
            yield at(source, match.start(), "reveals a secret: pass the Secret on, or list the file and its reason in REVEALS")
    paths = {source.path for source in sources}
    for path in REVEALS:
        if path not in paths:
            yield f"{path}:1: is listed in REVEALS and does not exist"


def the_data_path_throws_nothing(sources):
    for source in sources:
        if source.is_cpp and source.parts[0] in ("include", "src") and source.room in NO_THROW:
            for match in re.finditer(r"\bthrow\b", source.bare_code):
                yield at(source, match.start(), "throws: return a Result, or SLUICE_ASSERT what only our bug can break")


def only_the_ring_reads_a_clock(sources):
    for source in sources:
        if source.is_cpp and source.parts[0] in ("include", "src") and source.room not in (None, "ring"):
            for match in CLOCKS.finditer(source.bare_code):
                yield at(source, match.start(), "reads a clock: take the time as an argument, it may be virtual")


def nothing_is_left_to_itself(sources):
    """Threads are joined and assertions stay on in release builds."""
    for source in sources:
        if source.is_cpp and source.parts[0] in ("include", "src"):
            for match in re.finditer(r"\.detach\s*\(\s*\)", source.bare_code):
                yield at(source, match.start(), "detaches a thread: keep it and join it")
            for match in re.finditer(r"(?<![\w:])assert\s*\(", source.bare_code):
                yield at(source, match.start(), "assert() goes away with NDEBUG: use SLUICE_ASSERT")


def text_is_plain(sources):
    for source in sources:
        for match in re.finditer(r"\t|[ \t]+$|\r", source.text, re.MULTILINE):
            if source.name in ("LICENSE",) or source.path.endswith(".md"):
                break  # somebody else's text; two spaces mean something
            yield at(source, match.start(), "a tab, a carriage return or a space at the end of the line")
            break
        if source.text and not source.text.endswith("\n"):
            yield f"{source.path}:{source.text.count(chr(10)) + 1}: the last line has no end"


def clang_format():
    """The program of the right version, or None."""
    for name in (f"clang-format-{CLANG_FORMAT_VERSION}", "clang-format"):
        program = shutil.which(name)
        if program:
            version = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
            if f"version {CLANG_FORMAT_VERSION}." in version.stdout:
                return program
    return None


def formatting_complaints(root, sources):
    """What clang-format would change. Needs the files themselves, so it takes the root as well."""
    program = clang_format()
    if program is None:
        yield f"clang-format {CLANG_FORMAT_VERSION} is not installed; tools/setup test installs it"
        return
    paths = [source.path for source in sources if source.is_cpp]
    check = subprocess.run(
        [program, "--dry-run", "--ferror-limit=1", *paths], cwd=root, capture_output=True, text=True, check=False
    )
    for path, line in re.findall(r"^(\S+?):(\d+):\d+: (?:warning|error): code should be clang-formatted", check.stderr, re.MULTILINE):
        yield f"{path}:{line}: not as clang-format writes it: clang-format-{CLANG_FORMAT_VERSION} -i {path}"
    if check.returncode != 0 and "clang-formatted" not in check.stderr:
        yield f"clang-format failed: {check.stderr.strip().splitlines()[-1]}"


RULES = (
    a_room_includes_only_rooms_above_it,
    a_library_is_one_rooms_business,
    a_header_opens_with_its_purpose,
    a_header_has_its_test,
    a_test_is_built,
    no_file_is_too_long,
    a_mark_says_its_kind,
    a_secret_is_revealed_where_it_is_listed,
    the_data_path_throws_nothing,
    only_the_ring_reads_a_clock,
    nothing_is_left_to_itself,
    text_is_plain,
)
