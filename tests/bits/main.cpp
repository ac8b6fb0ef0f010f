// SPDX-License-Identifier: Apache-2.0
// Runs the units it is linked with (NIBBLE_BITS_UNITS: X(unit) X(unit) ...) and compares what they compute with the
// expected hashes:  bits EXPECTED.txt DATA_DIR MODELS_DIR
#include <cstdio>
#include <fstream>
#include <map>
#include <string>

#include "unit.hpp"

#define X(unit) void unit(const std::string& data, const std::string& models, const report_bits& report);
NIBBLE_BITS_UNITS
#undef X

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    std::map<std::string, std::string, std::less<>> expected;
    std::ifstream file{argv[1]};
    for (std::string what, hash; file >> what >> hash;) expected[what] = hash;

    int n_cells = 0, n_wrong = 0;
    const auto run = [&](const char* name, auto unit) {
        unit(argv[2], argv[3], [&](std::string_view set, std::string_view what, std::uint64_t hash) {
            char text[17];
            std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
            const auto found = expected.find(what);
            const bool right = found != expected.end() && found->second == text;
            ++n_cells;
            n_wrong += !right;
            std::printf("%-12s %-12.*s %-14.*s %s%s\n", name, static_cast<int>(set.size()), set.data(),
                        static_cast<int>(what.size()), what.data(), text, right ? "" : "  <- not the expected bits");
        });
    };
#define X(unit) run(#unit, unit);
    NIBBLE_BITS_UNITS
#undef X
    std::printf("%d cells, %d wrong\n", n_cells, n_wrong);
    return n_cells == 0 || n_wrong > 0 ? 1 : 0;
}
