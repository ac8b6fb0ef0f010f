// SPDX-License-Identifier: Apache-2.0
// Random texts of a grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <nibble/grammar/states.hpp>

namespace nibble::test {

/// A random text of the grammar, byte by byte; empty if none was found within the bounds. Bytes that end something
/// are taken more often than their share.
inline std::string random_text(grammar_states& states, std::mt19937& rng, std::size_t most_bytes) {
    std::string out;
    auto at = states.start();
    while (out.size() < most_bytes) {
        states.begin_token();
        if (states.is_final(at) || (states.accepts(at) && rng() % 2)) return out;
        std::vector<std::uint8_t> allowed, ending;
        for (unsigned byte = 0; byte < 256; ++byte) {
            const auto b = static_cast<std::uint8_t>(byte);
            if (states.step(at, b) == grammar_states::dead) continue;
            allowed.push_back(b);
            if (b == '"' || b == ']' || b == '}' || (b >= '0' && b <= '9')) ending.push_back(b);
        }
        if (allowed.empty()) throw std::logic_error("a state that is not dead can always go on to an end");
        const auto& from = !ending.empty() && rng() % 3 == 0 ? ending : allowed;
        const auto byte = from[static_cast<std::size_t>(rng()) % from.size()];
        out += static_cast<char>(byte);
        at = states.step(at, byte);
    }
    return {};
}

}  // namespace nibble::test
