# shellcheck shell=bash
# What the scripts of this folder share. Sourced, never run.
#
# Every script stops at its first failure with one sentence on standard error: die() is the only
# way out, and an unforeseen failure is turned into a sentence too.

set -euo pipefail

tool="tools/$(basename "$0")"
source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_root="$source_root/build"

# Messages are read by people and by explain_apt() alike: one language, and UTF-8.
export LC_ALL=C.UTF-8

# Build folders differ only in their name: let ccache see through it.
export CCACHE_NOHASHDIR=1

die() {
  trap - ERR
  printf '\n%s: %s\n' "$tool" "$*" >&2
  exit 1
}

say() { printf '%s\n' "== $*"; }

# set -E: functions and subshells report too.
set -E
trap 'die "line $LINENO stopped unexpectedly: $BASH_COMMAND"' ERR

# Runs a command with its output in a log, and shows that it is alive: a terminal sees the last
# line, anything else sees one line every ten seconds. Usage: run_logged LOG COMMAND...
run_logged() {
  local log=$1
  shift
  "$@" 2>&1 </dev/null | tee -a "$log" | show_progress
}

show_progress() {
  local line shown_at=$SECONDS
  while IFS= read -r line; do
    if [[ -t 1 ]]; then
      printf '\r\033[K   %.*s' $((${COLUMNS:-80} - 5)) "$line"
    elif ((SECONDS - shown_at >= 10)); then
      printf '   %s\n' "$line"
      shown_at=$SECONDS
    fi
  done
  if [[ -t 1 ]]; then printf '\r\033[K'; fi
}

# Configures a build folder once, and again when the options asked for change. A caller that builds
# another tree than this sets source_root for the call.
# Usage: configure_build FOLDER MESON_OPTION...
configure_build() {
  local folder=$1 log="$build_root/configure.log"
  shift
  mkdir -p "$build_root"
  local wanted="CXX=${CXX:-} $*"
  local meson=(meson setup "$folder" "$source_root" "$@")
  if [[ -f $folder/build.ninja && -f $folder/options.txt ]]; then
    if [[ $(<"$folder/options.txt") == "$wanted" ]]; then
      meson=(ninja -C "$folder" build.ninja)  # again only if a meson.build is newer
    else
      meson+=(--wipe)
    fi
  elif [[ -d $folder ]]; then
    rm -rf "$folder"  # interrupted while it was made
  fi
  if [[ ${meson[0]} == meson ]]; then say "configuring ${folder#"$source_root"/}"; fi
  if ! "${meson[@]}" >"$log" 2>&1 </dev/null; then
    grep -E 'ERROR|error:' "$log" | head -3 >&2 || true
    die "meson could not configure the build; the whole story is in ${log#"$source_root"/}"
  fi
  printf '%s' "$wanted" >"$folder/options.txt"
}

# Builds targets (all by default) of a configured folder. Usage: build FOLDER [TARGET...]
build() {
  local folder=$1
  shift
  say "building ${folder#"$source_root"/}"
  # Clang takes some 300 MB from malloc and leaves: huge pages spare it two of three page faults. GCC,
  # which maps its memory by itself, is as before.
  if ! GLIBC_TUNABLES=glibc.malloc.hugetlb=1 ninja -C "$folder" "$@"; then
    die "the build failed; the compiler's first complaint above says where"
  fi
}

# The instruction set this processor can run: the default needs AVX2 (2013 and later).
isa_of_this_machine() {
  if [[ $(uname -m) != x86_64 ]] || grep -qw avx2 /proc/cpuinfo; then
    echo x86-64-v3
  else
    echo x86-64-v2
  fi
}
