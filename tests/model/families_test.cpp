// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/families.hpp>

#include <algorithm>

#include "test.hpp"

using namespace nibble;

TEST_CASE("families are found by their exact name") {
    CHECK(find_family("smollm3") == &families::smollm3);
    CHECK(find_family("llama") == &families::llama);
    for (const auto* name : {"", "Llama", "llama ", "llam", "llama4", "qwen"}) CHECK_FALSE(find_family(name));
    for (const auto* family : all_families) CHECK(find_family(family->name) == family);
    CHECK(std::is_sorted(all_families.begin(), all_families.end(),
                         [](const auto* a, const auto* b) { return a->name < b->name; }));
}

TEST_CASE("a tensor that a family requires is not optional, and windows leave a layer without") {
    for (const auto* family : all_families) {
        for (const auto& row : model_tensors)
            CHECK_FALSE((family->required.has(row.id) && family->optional.has(row.id)));
        CHECK(family->window.period != 1);
        CHECK(family->no_rope_period != 1);
    }
}
