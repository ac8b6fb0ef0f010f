#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the tests. Arguments go to ctest and choose: tests/run.sh -R core/ or -R thread_pool; then only the
# layers of the tests that they choose are built. NIBBLE_PRESET is the preset: release (default), dev, clang, asan, tsan.
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

preset=${NIBBLE_PRESET:-release}
need_packages cmake g++ ninja-build libxsimd-dev catch2 libcli11-dev nlohmann-json3-dev libbenchmark-dev libpcre2-dev libedit-dev
options=(-D NIBBLE_BUILD_TESTS=ON -D NIBBLE_BUILD_BENCH=ON)
[ $# -gt 0 ] || options+=(-D NIBBLE_TEST_UNITS=ON)  # the faster way for all of them
configure "$preset" "${options[@]}"

# A test is LAYER/HEADER, for the program of tests/LAYER; those without a slash, and docs/, build what they need.
targets=(all)
if [ $# -gt 0 ]; then
    chosen=$(ctest --preset "$preset" --show-only "$@")
    targets=()
    for folder in tests/*/; do
        layer=$(basename "$folder")
        if grep -q ": $layer/" <<<"$chosen"; then targets+=("nibble-test-$layer"); fi
    done
fi
[ ${#targets[@]} -eq 0 ] || build "$preset" "${targets[@]}"
exec ctest --preset "$preset" --parallel "$(nproc)" "$@"
