#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# chat.exe under Wine: names that no code page has, texts in UTF-8, CR LF, errors.  windows_programs.sh FOLDER
set -euo pipefail
chat=$1/chat.exe
tiny=$(dirname "$0")/../../examples/models/nibble-tiny.gguf
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
export LC_ALL=C.UTF-8 WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=d
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

run() { timeout 120 "$wine" "$chat" "$@" 2>"$folder/errors"; }
fail() {
    printf '%s\n' "$1" >&2
    cat "$folder/errors" >&2
    exit 1
}

mkdir "$folder/ü 日本"
cp "$tiny" "$folder/ü 日本/modèl.gguf"
reply=$(run -m "$folder/ü 日本/modèl.gguf" -p 'Tell me a story about a lion.' --think off -n 20 -s 7) || fail "no reply"
[ -n "$reply" ] || fail "an empty reply"

[ "$reply" = "$(printf 'Tell me a story about a lion.\r\n' | run -m "$tiny" --think off -n 20 -s 7)" ] ||
    fail "a line that ends in CR LF is another question"
[ "$(printf '%s' "$reply" | tr -d '\r')" = "$reply" ] || fail "the reply has CR in it"

echo 'root ::= "Größe 日本"' >"$folder/größe.gbnf"
[ "$(run -m "$tiny" -p x --grammar-file "$folder/größe.gbnf" --think off)" = 'Größe 日本' ] || fail "no UTF-8 in a reply"
[ "$(run -m "$tiny" -p x --grammar 'root ::= "Größe 日本"' --think off)" = 'Größe 日本' ] || fail "no UTF-8 in an option"

! run -m "$folder/日本.gguf" -p x || fail "a missing file is no error"
grep -q 'xe6.*No such file' "$folder/errors" || fail "another error than expected"
