#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/run.sh SECONDS [TARGET...]: builds the fuzzers (all, or those named) and runs each for so long, from its
# corpus in the tree. What is new stays in build/fuzz/new/TARGET, a finding is left as build/fuzz/TARGET-KIND-HASH, and the
# exit code is that of the first finding. Does nothing where there is no clang with libFuzzer.
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
for target in "$@"; do
    mkdir -p "build/fuzz/new/$target"
    echo "fuzz-$target"
    "build/fuzz/bin/fuzz-$target" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=3000 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/$target-" "build/fuzz/new/$target" "tests/fuzz/corpus/$target" >build/fuzz.log 2>&1 ||
        { tail -n 40 build/fuzz.log; exit 1; }
    grep -E "number_of_executed_units|^#.*DONE" build/fuzz.log
done
