#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What this machine does, as a report to send: builds the benchmarks, runs the kernels of all its sets and, where a model
# is named, the model. Takes some minutes and an idle machine. Progress goes to standard error.
#   bench/report.sh [MODEL.gguf]
set -euo pipefail
model=${1:+$(realpath "$1")}
cd "$(dirname "$0")/.."

cmake --preset release --log-level=WARNING -D NIBBLE_BUILD_TESTS=OFF -D NIBBLE_BUILD_EXAMPLES=OFF >&2
cmake --build --preset release --target nibble-bench-model >&2
if ! cmake --build --preset release --target nibble-bench-kernels >&2; then
    echo "Google Benchmark is missing: apt install libbenchmark-dev, or brew install google-benchmark" >&2
    exit 1
fi
bin=build/release/bin

processor() {
    sysctl -n machdep.cpu.brand_string 2>/dev/null ||
        lscpu | awk -F: '/^Model name/ { sub(/^ +/, "", $2); print $2; exit }'
}
cat <<END
- processor: $(processor), $(getconf _NPROCESSORS_ONLN) logical
- memory: (kind and speed, where you know them)
- cooling, power: (fan, none; mains, battery)
- system: $(uname -srm)
- compiler: $("${CXX:-c++}" --version | head -n 1)
- nibble: $(git rev-parse --short HEAD 2>/dev/null || sed -n 's/.*VERSION_STRING "\(.*\)".*/\1/p' include/nibble/version.hpp)

END
block() { printf '```\n%s\n```\n' "$("$@")"; }
block "$bin/bench-kernels" --benchmark_min_time=0.05 --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true \
    --benchmark_filter='/(Q4_K|Q6_K|Q8_0|Q4_0|F16)/(gemv/192x2048/tokens:1|gemm/96x2048/tokens:(8|512))$' \
    --benchmark_report_aggregates_only=true --benchmark_format=csv
if [ -n "$model" ]; then block "$bin/bench-model" --model "$model" -p 512 -n 64; fi
