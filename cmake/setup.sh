# SPDX-License-Identifier: Apache-2.0
# Sourced by examples/run.sh and tests/run.sh: finds what is missing, installs it where it may, builds a preset.
# Standard output is left to the programs that the scripts start: everything here goes to standard error.

say() { printf '%s\n' "$*" >&2; }

has_command() { command -v "$1" >/dev/null; }

has_header() { printf '#include <%s>\n' "$1" | "${CXX:-c++}" -std=c++20 -fsyntax-only -x c++ - 2>/dev/null; }

# need_packages PACKAGE...: makes sure of these Debian packages, whatever way the system has them. Where a package
# cannot be installed, a missing tool ends the script; a missing library is left to CMake, which fetches it.
need_packages() {
    local package missing=() tools=()
    for package in "$@"; do
        case $package in
        g++) has_command "${CXX:-c++}" ;;
        ninja-build) has_command ninja ;;
        python3-pip) python3 -m pip --version >/dev/null 2>&1 ;;
        libxsimd-dev) has_header xsimd/xsimd.hpp ;;
        catch2) has_header catch2/catch.hpp || has_header catch2/catch_test_macros.hpp ;;
        libcli11-dev) has_header CLI/CLI.hpp ;;
        nlohmann-json3-dev) has_header nlohmann/json.hpp ;;
        libbenchmark-dev) has_header benchmark/benchmark.h ;;
        libpcre2-dev) has_header pcre2posix.h ;;
        libedit-dev) has_header histedit.h ;;
        g++-mingw-w64-x86-64-posix) has_command x86_64-w64-mingw32-g++-posix ;;
        g++-*-linux-gnu) has_command "${package#g++-}-g++" ;;
        wine64) has_command wine64 || [ -x /usr/lib/wine/wine64 ] ;;
        qemu-user) has_command qemu-aarch64 ;;
        libclang-rt-14-dev) compgen -G "/usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer*" >/dev/null ;;
        python3-jsonschema) has_command python3 && python3 -c "import jsonschema" 2>/dev/null ;;
        *) has_command "$package" ;;
        esac || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    local sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo -n)
    if has_command apt-get && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
        say "installing ${missing[*]}"
        "${sudo[@]}" apt-get update -qq >&2 || true
        if "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
            "${missing[@]}" </dev/null >&2; then
            return 0
        fi
    fi
    say "This system lacks: ${missing[*]} (Debian's names). Where you may install: apt-get install ${missing[*]}"
    for package in "${missing[@]}"; do
        case $package in catch2 | *-dev) ;; *) tools+=("$package") ;; esac
    done
    [ ${#tools[@]} -eq 0 ] || exit 1
    say "Going on: CMake fetches the libraries from GitHub, if it can."
}

# configure PRESET [CMAKE-ARGUMENT...]
configure() {
    local preset=$1
    shift
    if has_command ccache; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
    cmake --preset "$preset" --log-level=WARNING "$@" >&2
}

# build PRESET TARGET...
build() {
    local preset=$1
    shift
    cmake --build --preset "$preset" --parallel "$(nproc)" --target "$@" >&2
}
