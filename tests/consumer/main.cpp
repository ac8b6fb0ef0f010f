// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <nibble/nibble.hpp>

int main() { std::puts(NIBBLE_VERSION_STRING); }
