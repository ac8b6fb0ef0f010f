// SPDX-License-Identifier: Apache-2.0
// The chat program with the bundled model.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/program.hpp"
#include "test.hpp"

namespace nibble::test {

inline program_result chat_as_told(std::vector<std::string> arguments, std::string_view input = {}) {
    arguments.insert(arguments.begin(), {"--model", tiny_path()});
    return run_program("chat", std::move(arguments), input);
}

/// Greedy, without thinking.
inline program_result chat(std::vector<std::string> arguments, std::string_view input = {}) {
    arguments.insert(arguments.begin(), {"--temp", "0", "--think", "off"});
    return chat_as_told(std::move(arguments), input);
}

/// The number after `label`.
inline std::size_t number_after(const std::string& text, std::string_view label) {
    const auto at = text.find(label);
    REQUIRE(at != std::string::npos);
    return std::strtoul(text.c_str() + at + label.size(), nullptr, 10);
}

}  // namespace nibble::test
