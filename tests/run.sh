#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything and runs the tests. Arguments go to ctest: tests/run.sh -R thread_pool
# NIBBLE_PRESET chooses the preset: release (default), dev, clang, asan, tsan.
set -euo pipefail
cd "$(dirname "$0")/.."
source cmake/setup.sh

preset=${NIBBLE_PRESET:-release}
need_packages cmake g++ ninja-build libxsimd-dev catch2 libcli11-dev nlohmann-json3-dev libbenchmark-dev libpcre2-dev
configure_and_build "$preset" all -D NIBBLE_BUILD_TESTS=ON -D NIBBLE_BUILD_BENCH=ON
exec ctest --preset "$preset" --parallel "$(nproc)" "$@"
