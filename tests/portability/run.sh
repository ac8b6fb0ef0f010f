#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The longer cells of the table in docs/portability.md, those that .ci/run leaves out: prints one row for each and fails
# where one fails. What is not installed is left out and said.
#   tests/portability/run.sh [CELL...]     windows, msvc, web, or a target of zig; without: all of them, an hour
# ZIG is how to call zig (pip install ziglang; default: python3 -m ziglang). Logs are in build/portability.
set -uo pipefail
cd "$(dirname "$0")/../.."
source cmake/setup.sh
export ZIG=${ZIG:-python3 -m ziglang}
out=$PWD/build/portability
mkdir -p "$out"

targets=(x86_64-windows-gnu aarch64-windows-gnu aarch64-macos x86_64-macos aarch64-linux-musl x86_64-linux-musl
    riscv64-linux-musl x86-linux-musl arm-linux-musleabihf wasm32-wasi x86_64-freebsd)

# compile TARGET ARGUMENT...: with a target's clang and libc++.
compile() {
    $ZIG version >/dev/null 2>&1 || return 77
    mkdir -p "$out/include"
    ln -sfn /usr/include/xsimd "$out/include/xsimd"  # and nothing else of this machine's
    # shellcheck disable=SC2086 # several words
    $ZIG c++ -target "$1" -mcpu=baseline -std=c++20 -Wall -Wextra -Wconversion -Wshadow -Werror -Iinclude \
        -isystem "$out/include" "${@:2}"
}

all_headers() { (cd include && find nibble -name '*.hpp' | sort | sed 's/.*/#include <&>/'); }

# All headers of a target whose programs do not run here, as one unit.
headers_of() {
    all_headers >"$out/all.cpp"
    compile "$1" -O0 -g0 -c "$out/all.cpp" -o "$out/$1.o"
}

# bits_of TARGET [RUNNER]: the test of equal bits for one whose programs run.
bits_of() {
    { [ $# -eq 1 ] || has_command "$2"; } || return 77
    compile "$1" -O2 -DNIBBLE_BITS_UNIT=unit -c tests/bits/unit.cpp -o "$out/$1.o" || return
    compile "$1" -O1 -static "-DNIBBLE_BITS_UNITS=X(unit)" tests/bits/main.cpp "$out/$1.o" -o "$out/$1" || return
    "${@:2}" "$out/$1" tests/bits/expected.txt tests/data examples/models
}

# No word that MSVC does not have where it would read it: all headers with its macros in the place of clang's, after those
# of the system, which are clang's own.
msvc() {
    mkdir -p "$out/msvc"
    echo 'void __cpuid(int*, int); void __cpuidex(int*, int, int);' >"$out/msvc/intrin.h"
    {
        grep -rho '^#include <c\?[a-z_]*>' include/nibble --include='*.hpp' | grep -v cpuid | sort -u
        cat <<'        END'
        #include <windows.h>
        #include <immintrin.h>
        #include <xsimd/xsimd.hpp>
        #undef __GNUC__
        #undef __clang__
        #define _MSC_VER 1944
        #define _MSVC_LANG 202002L
        #define _M_X64 100
        #undef __forceinline
        #define __forceinline inline
        #define __attribute__(x) no_attribute
        #define asm no_asm
        #define __asm__ no_asm
        END
        all_headers
    } >"$out/msvc.cpp"
    compile x86_64-windows-gnu -mcpu=sapphirerapids -fms-extensions -I"$out/msvc" -O0 -g0 -c "$out/msvc.cpp" -o "$out/msvc.o"
}

# All tests and programs of Windows, under Wine.
windows() {
    has_command x86_64-w64-mingw32-g++-posix || return 77
    configure mingw || return
    grep -q '^NIBBLE_WINE:.*NOTFOUND' build/mingw/CMakeCache.txt && return 77
    build mingw all && ctest --preset mingw --parallel "$(nproc)" --timeout 300 || return
    tests/portability/windows_programs.sh build/mingw/bin
}

# The module of examples/web answers in Node, and the page in Chromium where there is one: with the text that `ask` gives.
web() {
    { has_command node && $ZIG version >/dev/null 2>&1; } || return 77
    examples/web/build.sh "$out/web" || return
    configure release && build release nibble-ask || return
    local question='Tell me a story about a lion.' tiny=examples/models/nibble-tiny.gguf
    build/release/bin/ask $tiny "$question" >"$out/ask.txt" || return
    node "$out/web/talk.mjs" "$out/web/nibble.wasm" $tiny "$question" >"$out/web.txt" || return
    cmp "$out/web.txt" "$out/ask.txt" || return
    if has_command "${CHROMIUM:=chromium}"; then
        CHROMIUM=$CHROMIUM node tests/portability/page.mjs "$out/web" "$question" >"$out/page.txt" || return
        cmp "$out/page.txt" "$out/ask.txt"
    fi
}

failed=0
cell() { # NAME COMMAND...
    local name=$1 begin=$SECONDS code=0
    shift
    "$@" >"$out/$name.log" 2>&1 || code=$?
    case $code in
    0) result=passes ;;
    77) result="left out: its tools are not installed" ;;
    *) result="FAILS, see $out/$name.log" failed=1 ;;
    esac
    printf '| %-22s | %-40s | %5d s |\n' "$name" "$result" $((SECONDS - begin))
}

[ $# -gt 0 ] || set -- windows msvc web "${targets[@]}"
for name in "$@"; do
    case $name in
    windows | msvc | web) cell "$name" "$name" ;;
    x86_64-linux-musl | x86-linux-musl) cell "$name" bits_of "$name" ;;
    arm-linux-musleabihf) cell "$name" bits_of "$name" qemu-arm ;;
    aarch64-linux-musl | riscv64-linux-musl) cell "$name" bits_of "$name" "qemu-${name%%-*}" ;;
    *) cell "$name" headers_of "$name" ;;
    esac
done
exit $failed
