#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a folder to serve: the page, the module and the bundled model.  examples/web/build.sh FOLDER
# Needs zig, which brings clang with WASI's libraries (pip install ziglang); ZIG is how to call it.
#   python3 -m http.server --directory FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cp "$here"/{index.html,nibble.mjs,worker.mjs,talk.mjs} "$here/../models/nibble-tiny.gguf" "$1"
# shellcheck disable=SC2086 # several words
${ZIG:-python3 -m ziglang} c++ -target wasm32-wasi -mcpu=baseline+simd128 -mexec-model=reactor -std=c++20 -O2 -s \
    -I"$here/../../include" "$here/module.cpp" -o "$1/nibble.wasm"
