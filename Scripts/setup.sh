#!/bin/sh
# Checks for what a build needs, and installs it where that is allowed (Debian and Ubuntu, as root); otherwise says the
# one command to run. Takes no time when nothing is missing, so every make target calls it.
set -eu

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

command -v swift >/dev/null 2>&1 ||
  fail "no Swift toolchain (6.1 or later is needed). Install one: https://www.swift.org/install"

version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
major=${version%%.*}
minor=${version#*.}
if [ "${major:-0}" -lt 6 ] || { [ "$major" -eq 6 ] && [ "${minor:-0}" -lt 1 ]; }; then
  fail "Swift ${version:-of unknown version} is too old, 6.1 or later is needed: https://www.swift.org/install"
fi

# On macOS the SDK has all the rest.
[ "$(uname -s)" = Linux ] || exit 0

packages=""
# Tables are read from SQLite files; the archive in the same package is what a release links.
if ! printf '#include <sqlite3.h>\n' | clang -E -x c - >/dev/null 2>&1; then packages="libsqlite3-dev"; fi
[ -n "$packages" ] || exit 0

if command -v apt-get >/dev/null 2>&1; then
  [ "$(id -u)" -eq 0 ] || fail "missing: $packages. Run: sudo apt-get install -y $packages"
  printf 'setup: installing %s\n' "$packages" >&2
  { apt-get install -y -qq $packages || { apt-get update -qq && apt-get install -y -qq $packages; }; } >&2
elif command -v dnf >/dev/null 2>&1; then
  fail "missing: SQLite's header. Run: sudo dnf install -y sqlite-devel"
else
  fail "missing: SQLite's header (sqlite3.h). Install your system's development package of SQLite 3."
fi
