#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# chat.exe under Wine: names that no code page has, texts in UTF-8, errors, a console.  windows_programs.sh FOLDER
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
[ -n "$(run -m "$folder/ü 日本/modèl.gguf" -p 'Tell me a story about a lion.' --think off -n 20)" ] || fail "no reply"

echo 'root ::= "Größe 日本"' >"$folder/größe.gbnf"
[ "$(run -m "$tiny" -p x --grammar-file "$folder/größe.gbnf" --think off)" = 'Größe 日本' ] || fail "no UTF-8 in a reply"
[ "$(run -m "$tiny" -p x --grammar 'root ::= "Größe 日本"' --think off)" = 'Größe 日本' ] || fail "no UTF-8 in an option"

! run -m "$folder/日本.gguf" -p x || fail "a missing file is no error"
grep -q 'xe6.*No such file' "$folder/errors" || fail "another error than expected"

python3 "$(dirname "$0")/windows_console.py" "$wine" "$chat" "$tiny"
