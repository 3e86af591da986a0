"""Writes the C++ source that makes a data file part of the program: embed.py INPUT OUTPUT.

.incbin takes no compile time worth naming, which 700 KB of initialiser would. The digest in the
source changes with the data, so that neither the build nor a compiler cache can miss a change.
"""
import hashlib
import pathlib
import sys

data = pathlib.Path(sys.argv[1]).resolve()
digest = hashlib.sha256(data.read_bytes()).hexdigest()
path = str(data).replace("\\", "\\\\").replace('"', '\\"')
pathlib.Path(sys.argv[2]).write_text(f'''// Written by embed.py. sha256 of the data: {digest}
#include "sluice/catalog/catalog.h"

asm(R"(
  # {digest}
  .pushsection .rodata, "a"
  .balign 64
  .globl sluice_builtin_catalog_begin
  .hidden sluice_builtin_catalog_begin
sluice_builtin_catalog_begin:
  .incbin "{path}"
  .globl sluice_builtin_catalog_end
  .hidden sluice_builtin_catalog_end
sluice_builtin_catalog_end:
  .byte 0
  .popsection
)");

extern "C" {{
__attribute__((visibility("hidden"))) extern const char sluice_builtin_catalog_begin[];
__attribute__((visibility("hidden"))) extern const char sluice_builtin_catalog_end[];
}}

namespace sluice::catalog {{
std::string_view builtin_catalog_json() noexcept {{
  return {{sluice_builtin_catalog_begin,
           static_cast<std::size_t>(sluice_builtin_catalog_end - sluice_builtin_catalog_begin)}};
}}
}}  // namespace sluice::catalog
''', encoding="utf-8")
