#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs nibble and llama.cpp in turn on one file, with equal prompts, lengths, depths and threads, and prints the ratio.
# Needs the npm package @node-llama-cpp/linux-x64 (npm install @node-llama-cpp/linux-x64), in node_modules/ here or in
# a folder above, or the folder of its libraries in LLAMA_CPP_LIBS. Where it is not installed, nothing is compared.
set -euo pipefail

usage() {
    cat >&2 <<'END'
usage: bench/compare.sh [options] MODEL.gguf
  -p N,..      lengths of prompts to read (512)
  -n N,..      numbers of tokens to generate (128)
  -d N,..      tokens in the cache before a test (0)
  -t N         threads (all)
  -r N         rounds; in each, both engines do every test once, after a run that is not measured (5)
  --isa ISA    auto: each engine as it chooses; avx2: both with AVX2 (auto)
  --bin DIR    where bench-model and bench-llama-cpp are; else they are built
END
    exit 2
}

prompt=512 generate=128 depth=0 threads=$(nproc) rounds=5 isa=auto bin= model=
while [ $# -gt 0 ]; do
    case $1 in
    -p | -n | -d | -t | -r | --isa | --bin) [ $# -ge 2 ] || usage ;;
    esac
    case $1 in
    -p) prompt=$2 ;;
    -n) generate=$2 ;;
    -d) depth=$2 ;;
    -t) threads=$2 ;;
    -r) rounds=$2 ;;
    --isa) isa=$2 ;;
    --bin) bin=$2 ;;
    -*) usage ;;
    *)
        [ -z "$model" ] || usage
        model=$1
        shift
        continue
        ;;
    esac
    shift 2
done
[ -n "$model" ] || usage
[[ $rounds =~ ^[1-9][0-9]*$ ]] || usage
case $isa in auto | avx2) ;; *) usage ;; esac

# Prints the folder that holds libllama, or nothing.
find_libs() {
    if [ -n "${LLAMA_CPP_LIBS:-}" ]; then
        echo "$LLAMA_CPP_LIBS"
        return
    fi
    local folder=$PWD libs
    while :; do
        libs=$folder/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64
        if [ -d "$libs" ]; then
            echo "$libs"
            return
        fi
        [ -n "$folder" ] || return 0
        folder=${folder%/*}
    done
}

libs=$(find_libs)
if [ -z "$libs" ] || ! compgen -G "$libs/libllama.*so*" >/dev/null; then
    echo "SKIPPED: no llama.cpp${libs:+ in $libs}; npm install @node-llama-cpp/linux-x64, or set LLAMA_CPP_LIBS" >&2
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nibble_isa=()
if [ "$isa" = avx2 ]; then
    # llama.cpp takes the best of the CPU libraries that it finds beside it: leave it one.
    mkdir "$work/libs"
    cp "$libs"/libllama.*so* "$libs"/libggml.*so* "$libs"/libggml-base.so* "$libs"/libggml-cpu-haswell.so "$work/libs/"
    libs=$work/libs
    nibble_isa=(--isa avx2)
fi

if [ -z "$bin" ]; then
    root=$(cd "$(dirname "$0")/.." && pwd)
    (
        cd "$root"
        source cmake/setup.sh
        need_packages cmake g++ ninja-build libxsimd-dev libcli11-dev nlohmann-json3-dev
        configure_and_build release nibble-bench-model -D NIBBLE_BUILD_BENCH=ON
        configure_and_build release nibble-bench-llama-cpp
    )
    bin=$root/build/release/bin
fi

# Both programs take the same options.
tests=(-m "$model" -p "$prompt" -n "$generate" -d "$depth" -t "$threads" -r 1)

# logged NAME COMMAND...: standard output goes to a file; standard error too, and is shown where the command fails.
logged() {
    "${@:2}" >"$work/out" 2>"$work/$1.log" || {
        cat "$work/$1.log" >&2
        exit 1
    }
}

# Each appends lines "ENGINE;TEST;TOKENS A SECOND" to the results.
run_nibble() {
    logged nibble "$bin/bench-model" "${tests[@]}" "${nibble_isa[@]}" -o csv
    # ..., test, mean, deviation, median, and three columns of bandwidth
    awk -F, 'NR > 1 { print "nibble;" $(NF-6) ";" $(NF-3) }' "$work/out" >>"$work/results"
}
run_peer() {
    logged peer "$bin/bench-llama-cpp" --libs "$libs" "${tests[@]}"
    awk -F, '{ print "llama.cpp;" $1 ";" $2 }' "$work/out" >>"$work/results"
}

for ((round = 1; round <= rounds; ++round)); do
    echo "round $round of $rounds" >&2
    run_nibble
    run_peer
done

values() { awk -F';' -v engine="$1" -v test="$2" '$1 == engine && $2 == test { print $3 }' "$work/results"; }
median() { sort -n | awk '{ v[NR] = $1 } END { m = int((NR + 1) / 2); printf "%.2f", (v[m] + v[NR + 1 - m]) / 2 }'; }

echo "$(basename "$model"), threads: $threads, medians of $rounds rounds in turn, --isa $isa"
echo "nibble: $(grep -o 'kernels: .*' "$work/nibble.log" | head -n 1)"
echo "llama.cpp: $(grep -oE '[A-Z0-9_]+ = 1' "$work/peer.log" | sed 's/ = 1//' | paste -sd ' ')"
echo
echo "| test | nibble, t/s | llama.cpp, t/s | ratio | ratio, least and most of a round |"
echo "| --- | ---: | ---: | ---: | ---: |"
awk -F';' '$1 == "nibble" && !seen[$2]++ { print $2 }' "$work/results" | while read -r test; do
    ours=$(values nibble "$test" | median)
    theirs=$(values llama.cpp "$test" | median)
    paste <(values nibble "$test") <(values llama.cpp "$test") |
        awk -v test="$test" -v ours="$ours" -v theirs="$theirs" '
            { ratio = $1 / $2; if (NR == 1 || ratio < least) least = ratio; if (ratio > most) most = ratio }
            END { printf "| %s | %.2f | %.2f | %.2f | %.2f to %.2f |\n", test, ours, theirs, ours / theirs, least, most }'
done
