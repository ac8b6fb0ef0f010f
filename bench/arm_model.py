#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# What llvm-mca says of the NEON kernels, for docs/performance.md: a model, not a measurement. Compiles all of them, finds
# the loop over the blocks of a row or a tile with what is inside it, and prints cycles as a table.
#   bench/arm_model.py [aarch64-linux-gnu-g++] [llvm-mca-16]
import re
import subprocess
import sys

COMPILER = sys.argv[1] if len(sys.argv) > 1 else "aarch64-linux-gnu-g++"
MCA = sys.argv[2] if len(sys.argv) > 2 else "llvm-mca-16"
PROCESSORS = {"cortex-a76": "Cortex-A57", "neoverse-v1": "Neoverse N2", "apple-m1": "Cyclone"}  # the model that LLVM 16 has
SOURCE = """#include <nibble/kernels/best.hpp>
extern const nibble::kernel_set* const sets[];
const nibble::kernel_set* const sets[] = {&nibble::neon_i8mm_kernels, &nibble::neon_dotprod_kernels};
"""


def compiled():
    """The assembly of each function, by its demangled name."""
    command = [COMPILER, "-std=c++20", "-O2", "-Iinclude", *INCLUDES, "-S", "-x", "c++", "-", "-o", "-"]
    text = subprocess.run(command, input=SOURCE, capture_output=True, text=True, check=True).stdout
    text = subprocess.run(["c++filt"], input=text, capture_output=True, text=True, check=True).stdout
    functions, name = {}, None
    for line in text.splitlines():
        if re.match(r"^(void )?nibble::\S.*:$", line):
            name = line
            functions[name] = []
        elif name and line.strip() and not re.match(r"\s*(//|#|\.(?!L))", line):
            functions[name].append(line)
    return functions


def loops(lines):
    """Pairs of first and last line."""
    label = {line.rstrip(":"): i for i, line in enumerate(lines) if line.startswith(".L")}
    for i, line in enumerate(lines):
        jump = re.match(r"\s+(?:b\.?\w+|cbn?z\s+\w+,)\s+(\.L\w+)", line)
        if jump and label.get(jump[1], i) < i:
            yield label[jump[1]], i


def cycles(lines, processor):
    body = [line for line in lines if not re.match(r"^\.L|\s+(b\.?\w+|cbn?z|tbn?z)\s", line)]
    command = [MCA, "-mtriple=aarch64-linux-gnu", f"-mcpu={processor}", "-mattr=+dotprod,+i8mm", "-iterations=100"]
    result = subprocess.run(command, input="\n".join(body), capture_output=True, text=True, check=True).stdout
    return int(re.search(r"Total Cycles:\s+(\d+)", result)[1]) / 100


def vectors(lines):
    return sum(bool(re.search(r"\b[vqds]\d+\b", x) and not re.match(r"\s*(ld|st)", x)) for x in lines)


def nested(lines, products):
    """The innermost loop with so many products, and the one around it."""
    found = [(a, b) for a, b in loops(lines) if sum(bool(re.search("sdot|smmla", x)) for x in lines[a:b]) == products]
    found.sort(key=lambda ends: ends[1] - ends[0])
    return [lines[a : b + 1] for a, b in found[:2]]


def row(name, lines, products, inner_count, unit):
    """`inner_count`: times that the inner loop runs in the outer one; 0: the inner one alone is a block."""
    inner, outer = nested(lines, products)
    n = vectors(inner) if inner_count == 0 else vectors(outer) + (inner_count - 1) * vectors(inner)
    columns = []
    for processor in PROCESSORS:
        total = cycles(inner, processor)
        if inner_count:
            total = cycles(outer, processor) + (inner_count - 1) * total
        columns.append(unit(total))
    print(f"| {name} | {unit(n, True)} | " + " | ".join(columns) + " |")


INCLUDES = ["-isystem", sys.argv[3]] if len(sys.argv) > 3 else []


def main():
    functions = compiled()
    print("| kernel | vector instructions | " + " | ".join(PROCESSORS.values()) + " |\n|---|---:|---:|---:|---:|")
    for name, lines in functions.items():
        gemv = re.search(r"gemv_neon_dotprod::gemv<nibble::\w+::quant::(\w+)>", name)
        tile = re.search(r"gemm_neon_(\w+)::multiply<.*packed_rows<(\d+)ul, (\d+)ul, (\w+)", name)
        if gemv:
            k = gemv[1].endswith("_k")
            row(f"gemv, {gemv[1]}", lines, 16 if k else 2, 4,
                lambda n, _=False, k=k: f"{n / 4 * (1 if k else 8):.0f}")
        elif tile:
            shape = f"blocks of {tile[2]}" + (f", scales of {tile[3]}" if tile[3] != "0" else "")
            shape += ", mins" if tile[4] == "true" else ""
            macs = 16 * int(tile[2])
            row(f"gemm, {tile[1]}: {shape}", lines, 32 if tile[1] == "dotprod" else 16, 8 if tile[2] == "256" else 0,
                lambda n, count=False, macs=macs: f"{n * 4096 / macs:.0f}" if count else f"{macs / n:.1f}")


main()
