// SPDX-License-Identifier: Apache-2.0
// What a person can choose of inspect.
#pragma once

#include <cstddef>

#include <nibble/generate/session.hpp>

#include "../load_options.hpp"

struct inspect_options {
    load_options load;
    std::size_t context = 4096;
    unsigned threads = 0;
    bool as_json = false;
    bool check = false;

    [[nodiscard]] nibble::session_options session() const { return {.context = context, .threads = threads}; }
};
