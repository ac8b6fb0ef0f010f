# SPDX-License-Identifier: Apache-2.0
# NIBBLE_CLANG: clang under whichever name the distribution installs it, newest first.
find_program(NIBBLE_CLANG NAMES clang++ clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 clang++-14)
mark_as_advanced(NIBBLE_CLANG)
