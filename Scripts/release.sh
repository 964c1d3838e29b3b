#!/bin/sh
# Builds the program as one file that needs nothing but the system's C library: Swift's libraries, C++'s and SQLite are
# linked into it. The result: .build/dist/pushforward
set -eu
cd "$(dirname "$0")/.."

flags=""
if [ "$(uname -s)" = Linux ]; then
  flags="--static-swift-stdlib -Xlinker -L$PWD/.build/static-libraries -Xlinker -lm"
  # No table of symbols for others to link with: a megabyte.
  flags="$flags -Xlinker --no-export-dynamic -Xlinker --exclude-libs=ALL"
  # Packed relocations: 1.3 MB. The C library must be 2.36 or later (Debian 12).
  flags="$flags -Xswiftc -use-ld=lld -Xlinker -z -Xlinker pack-relative-relocs -Xlinker --gc-sections"
  # A directory that holds only archives, searched first: the linker would prefer the shared libraries.
  mkdir -p .build/static-libraries
  for library in libsqlite3.a libstdc++.a; do
    archive=$(clang -print-file-name=$library)
    if [ -f "$archive" ]; then ln -sf "$(realpath "$archive")" ".build/static-libraries/$library"; fi
  done
fi

# A build folder of its own: other link flags would rebuild the everyday one.
# shellcheck disable=SC2086
swift build -c release --product pushforward --scratch-path .build/static $flags
mkdir -p .build/dist
cp .build/static/release/pushforward .build/dist/pushforward
strip .build/dist/pushforward
.build/dist/pushforward --version

if [ "$(uname -s)" = Linux ]; then
  others=$(ldd .build/dist/pushforward | awk '{ print $1 }' |
    grep -Ev '^(linux-vdso|libc|libm|libdl|libpthread|librt|libgcc_s|/.*ld-linux).*' || true)
  [ -z "$others" ] || { printf 'release: also needs %s\n' "$others" >&2; exit 1; }
fi
ls -l .build/dist/pushforward | awk '{ printf "%s: %.1f MB\n", $NF, $5 / 1e6 }'

# Anything that imports Foundation (not FoundationEssentials) brings 40 MB of ICU along.
bytes=$(wc -c <.build/dist/pushforward)
[ "$bytes" -lt 25000000 ] || { echo "release: expected less than 25 MB (does a source import Foundation?)" >&2; exit 1; }
