#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Speed of every family beside llama.cpp: writes a random model of a real one's shape, compares, deletes it, and prints a
# line of a table. Needs what compare.sh needs, and Python with the packages gguf and numpy (PYTHON names another one).
set -euo pipefail

usage() {
    cat >&2 <<'END'
usage: bench/families.sh [options] FOLDER [FAMILY...]      models go to FOLDER; without a FAMILY, all are measured
  --gb N       layers are left out of models that would be larger (3)
  -p, -n, -t, -r, --isa, --bin   as compare.sh has them
END
    exit 2
}

gb=3 options=() folder= families=() file=
while [ $# -gt 0 ]; do
    case $1 in
    --gb) [ $# -ge 2 ] || usage; gb=$2; shift ;;
    -p | -n | -t | -r | --isa | --bin) [ $# -ge 2 ] || usage; options+=("$1" "$2"); shift ;;
    -*) usage ;;
    *) if [ -z "$folder" ]; then folder=$1; else families+=("$1"); fi ;;
    esac
    shift
done
[ -n "$folder" ] || usage
cd "$(dirname "$0")/.."
make=("${PYTHON:-python3}" bench/make_model.py)
[ ${#families[@]} -gt 0 ] || mapfile -t families < <("${make[@]}" --list | awk '{ print $1 }')

echo "| family | shape of | layers | size, GB | test | nibble, t/s | llama.cpp, t/s | ratio | least and most of a round |"
echo "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |"
trap 'rm -f "$file"' EXIT
for family in "${families[@]}"; do
    file=$folder/nibble-bench-$family.gguf
    read -r shape layers < <("${make[@]}" "$family" "$file" --gb "$gb")
    size=$(du -b "$file" | awk '{ printf "%.2f", $1 / 1e9 }')
    bench/compare.sh "${options[@]}" "$file" | grep -E '^\| (pp|tg)[0-9]' | sed "s/^/| $family | $shape | $layers | $size /"
    rm -f "$file"
done
