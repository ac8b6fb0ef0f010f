#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the two hashes that tests/unicode/nfc_test.cpp expects, from Hugging Face's tokenizers 0.23.

The first is of every code point in form C, each followed by a newline. The second is of 200,000 texts of up to 8 code
points that combine with each other, or would in a later version of Unicode.
"""
import tokenizers

PRIME, START, MASK = 0x100000001b3, 0xcbf29ce484222325, (1 << 64) - 1
RANGES = [(0x61, 0x7a), (0xc0, 0x1ff), (0x300, 0x345), (0x900, 0x94d), (0x9be, 0x9d7), (0x1100, 0x11c2), (0x1e00, 0x1eff),
          (0x1f00, 0x1fbc), (0x212a, 0x212b), (0x3041, 0x309a), (0xac00, 0xad00), (0x1d15e, 0x1d172), (0x11099, 0x110ba),
          (0x890, 0x8d4), (0xc3c, 0xc4d), (0xd3b, 0xd4d), (0x1dc0, 0x1dff), (0x11930, 0x11938)]
normalizer = tokenizers.normalizers.NFC()


def fnv1a(texts):
    value = START
    for text in texts:
        for byte in (normalizer.normalize_str(text) + "\n").encode():
            value = (value ^ byte) * PRIME & MASK
    return value


def random_texts():
    state = 1

    def below(n):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) & MASK
        return (state >> 33) % n

    for _ in range(200_000):
        text = ""
        for _ in range(1 + below(8)):
            first, last = RANGES[below(len(RANGES))]
            text += chr(first + below(last - first + 1))
        yield text


code_points = [chr(c) for c in range(0x110000) if not 0xd800 <= c <= 0xdfff]
print(tokenizers.__version__, hex(fnv1a(code_points)), hex(fnv1a(random_texts())))
