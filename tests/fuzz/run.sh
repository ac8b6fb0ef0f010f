#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/run.sh SECONDS [TARGET...]: builds the fuzzers (all, or those named) and runs each for so long, as many at a
# time as there are processors, from its corpus in the tree. What is new stays in build/fuzz/new/TARGET, what was printed
# in build/fuzz/TARGET.log, a finding is left as build/fuzz/TARGET-KIND-HASH and fails. Does nothing where there is no clang
# with libFuzzer.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?SECONDS is missing}
shift
if (($# == 0)); then
    for source in tests/fuzz/*.cpp; do set -- "$@" "$(basename "$source" .cpp)"; done
fi
mkdir -p build
if ! cmake --preset fuzz >build/fuzz.log 2>&1; then
    echo "SKIPPED: no clang for the fuzzers; build/fuzz.log says more"
    exit 0
fi
cmake --build build/fuzz --target "${@/#/fuzz-}" --parallel "$(nproc)" >build/fuzz.log 2>&1 ||
    { cat build/fuzz.log; exit 1; }
run() {
    mkdir -p "build/fuzz/new/$1"
    local log=build/fuzz/$1.log
    "build/fuzz/bin/fuzz-$1" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=3000 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/$1-" "build/fuzz/new/$1" "tests/fuzz/corpus/$1" >"$log" 2>&1 ||
        { tail -n 40 "$log"; return 255; }
    echo "fuzz-$1: $(grep -E "number_of_executed_units" "$log")"
}
export -f run
export seconds
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'run {}'
