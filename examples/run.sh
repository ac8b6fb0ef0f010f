#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the example programs and starts chat; arguments go to chat. The model is the bundled miniature, or the one
# that the first argument names: examples/run.sh smollm2, examples/run.sh smollm3 (see get-model.sh).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/cmake/setup.sh"

model=$root/examples/models/nibble-tiny.gguf
case ${1:-} in
smollm2 | smollm3)
    model=$("$root/examples/get-model.sh" "$1")
    shift
    ;;
esac

need_packages cmake g++ ninja-build libxsimd-dev libcli11-dev nlohmann-json3-dev libedit-dev
(
    cd "$root"
    # A first build needs neither tests nor benchmarks; a tree that has them keeps them.
    only_examples=()
    [ -e build/release/CMakeCache.txt ] || only_examples=(-D NIBBLE_BUILD_TESTS=OFF -D NIBBLE_BUILD_BENCH=OFF)
    configure release "${only_examples[@]}"
    build release nibble-examples
)
for argument in "$@"; do
    case $argument in --model | --model=* | -m) exec "$root/build/release/bin/chat" "$@" ;; esac
done
exec "$root/build/release/bin/chat" --model "$model" "$@"
