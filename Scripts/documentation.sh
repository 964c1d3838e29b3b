#!/bin/sh
# Builds the reference documentation of all public modules into .build/documentation; a warning is an error.
set -eu
cd "$(dirname "$0")/.."

targets=""
for module in Core Models Training Tables Evaluation Interchange Estimators; do
  targets="$targets --target Pushforward$module"
done
mkdir -p .build/documentation
# shellcheck disable=SC2086
swift package --allow-writing-to-directory .build/documentation generate-documentation \
  $targets --target Pushforward --enable-experimental-combined-documentation --warnings-as-errors \
  --output-path .build/documentation
printf 'documentation: .build/documentation, read it with: swift package --disable-sandbox preview-documentation --target Pushforward\n'
