#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fails where a function of an object for baseline x86-64 has AVX instructions, other than a kernel of a region, whose
# namespace ends in the name of its instruction set, and names each such function.
#   check_baseline.sh OBJECT
#   check_baseline.sh --selftest COMPILER     the check itself finds one
set -euo pipefail

check() {
    objdump --disassemble --no-show-raw-insn --demangle "$1" | awk '
        /^[0-9a-f]+ <.*>:$/ {
            name = $0
            n_functions++
            in_region = name ~ /<([^(<]* )?nibble::v[a-z0-9_]+::([a-z0-9_]+::)*([a-z0-9_]+_)?(avx2|avx512|amx)::/
            next
        }
        # the names of all instructions with a VEX or EVEX prefix begin with v, and those of two that are older
        /^ *[0-9a-f]+:\tv/ && !/\tver[rw]/ && !in_region { n[name]++ }
        END {
            for (name in n) print n[name] " AVX instructions in " name
            exit n_functions == 0 || length(n) > 0
        }'
}

if [ "$1" = --selftest ]; then
    folder=$(mktemp -d)
    trap 'rm -r "$folder"' EXIT
    echo 'float f(float a, float b) { return a * b; }' >"$folder/a.cpp"
    "$2" -O1 -c "$folder/a.cpp" -o "$folder/baseline.o"
    "$2" -O1 -mavx -c "$folder/a.cpp" -o "$folder/avx.o"
    check "$folder/baseline.o" && ! check "$folder/avx.o"
else
    check "$1"
fi
