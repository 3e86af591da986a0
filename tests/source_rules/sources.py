"""The files of the project, as the rules look at them."""

import dataclasses
import functools
import pathlib
import re

# Where sources are. Recorded traffic, fuzz corpora and whatever npm unpacks are not ours to judge.
FOLDERS = ("include", "src", "tests", "bench", "tools", "dependencies", "systemd", ".ci")
NOT_OURS = {"node_modules", "corpus", "recordings", "fixtures", "golden", "__pycache__"}
SUFFIXES = {".h", ".cc", ".py", ".sh", ".mjs", ".js", ".ts", ".build", ".service", ".md", ""}

# A comment, or something that only looks like one inside a literal. The quote of 1'000 opens none.
TOKENS = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | R"(?P<raw>[^()\\\s]{0,16})\(.*?\)(?P=raw)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL | re.VERBOSE,
)


@dataclasses.dataclass(frozen=True)
class Source:
    """One file: its path from the project's root, with forward slashes, and its text."""

    path: str
    text: str

    @property
    def parts(self):
        return tuple(self.path.split("/"))

    @property
    def name(self):
        return self.parts[-1]

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_cpp(self):
        return self.path.endswith((".h", ".cc"))

    @property
    def room(self):
        """The room it belongs to, or None: main.cc, tools and test support are in none."""
        start = 2 if self.parts[:2] == ("include", "sluice") else 1
        if self.parts[0] in ("include", "src", "tests") and len(self.parts) > start + 1:
            return self.parts[start]
        return None

    @functools.cached_property
    def code(self):
        """The text with every comment blanked and every line where it was."""

        def blank(match):
            token = match.group()
            return re.sub(r"[^\n]", " ", token) if match.group("comment") else token

        return TOKENS.sub(blank, self.text)

    @functools.cached_property
    def bare_code(self):
        """Like code, with literals blanked as well: what the compiler acts on."""
        return TOKENS.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), self.text)


def read_tree(root):
    """Every source under the root, sorted by path. Binary files are none."""
    root = pathlib.Path(root)
    files = [path for path in root.iterdir() if path.is_file()]
    for folder in FOLDERS:
        files.extend(path for path in (root / folder).rglob("*") if path.is_file())
    sources = []
    for file in sorted(files):
        relative = file.relative_to(root)
        if NOT_OURS & set(relative.parts[:-1]) or file.suffix not in SUFFIXES:
            continue
        try:
            sources.append(Source(relative.as_posix(), file.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
        except FileNotFoundError:
            continue  # an editor's scratch file, gone since it was listed
    return sources


def rooms_in_order(sources):
    """The rooms, each of which may use those before it: the order the build takes them in."""
    build = next(source for source in sources if source.path == "src/meson.build")
    return re.findall(r"^subdir\('(\w+)'\)", build.text, re.MULTILINE)
