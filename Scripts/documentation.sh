#!/bin/sh
# Builds the reference documentation of all public modules into .build/documentation; a warning is an error.
#
# From the modules of the release build and with DocC itself: the package plugin would build everything once more.
set -eu
cd "$(dirname "$0")/.."

modules="PushforwardCore PushforwardModels PushforwardTraining PushforwardTables PushforwardEvaluation
  PushforwardInterchange PushforwardEstimators Pushforward"

swift build -c release --product pushforward
built=$(swift build -c release --show-bin-path)
target=$(swift -print-target-info | sed -n 's/^ *"triple": "\(.*\)",*$/\1/p' | head -n 1)
sdk=""
docc="docc"
if [ "$(uname -s)" = Darwin ]; then
  sdk="-sdk $(xcrun --show-sdk-path)"
  docc="xcrun docc"
fi

# Headers of C modules that the modules are built upon.
maps=""
for map in "$built"/CKernels.build/module.modulemap Sources/CSQLite/module.modulemap; do
  maps="$maps -Xcc -fmodule-map-file=$map"
done

graphs=.build/symbol-graphs
rm -rf "$graphs" .build/documentation
mkdir -p "$graphs"
for module in $modules; do
  # shellcheck disable=SC2086
  swift symbolgraph-extract -module-name "$module" -I "$built/Modules" -I Sources/CKernels/include $maps $sdk \
    -target "$target" -minimum-access-level public -skip-inherited-docs -output-dir "$graphs"
done

$docc convert Sources/Pushforward/Documentation.docc --additional-symbol-graph-dir "$graphs" \
  --fallback-display-name Pushforward --fallback-bundle-identifier pushforward \
  --output-dir .build/documentation --warnings-as-errors --analyze
printf 'documentation: .build/documentation (read it with: docc preview, or any web server)\n'
