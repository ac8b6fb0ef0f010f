// SPDX-License-Identifier: Apache-2.0
// What nibble makes of JSON schemas, for a script that asks another implementation the same.
//
// Reads lines of JSON, {"schema", "texts": [...], "samples": n}, and answers each with a line: {"refused": why}, or
// {"accepts": [true or false for each text], "samples": [n random texts of the grammar, or fewer]}. With "relax":
// true, schemas are relaxed.
#include <cstddef>
#include <iostream>
#include <random>
#include <string>

#include <nibble/grammar/json_schema.hpp>
#include <nibble/grammar/matcher.hpp>

#include "support/random_text.hpp"

namespace {

using namespace nibble;

json answer(const json& question, std::mt19937& rng) try {
    json_schema_options options;
    if (question.find("relax")) options.policy = schema_policy::relax;
    const grammar g = grammar_from_json_schema(*question.find("schema"), options);
    json out;
    out["accepts"] = json::array{};
    for (const auto& text : question.find("texts")->as_array()) out["accepts"].push_back(matches(g, text.as_string()));
    out["samples"] = json::array{};
    auto states = g.states();
    for (std::int64_t i = 0; i < question.find("samples")->as_integer(); ++i) {
        const auto text = test::random_text(states, rng, 1500);
        if (!text.empty()) out["samples"].push_back(text);
    }
    return out;
} catch (const error& e) {
    return json_object{{"refused", e.what()}};
}

}  // namespace

int main() {
    std::mt19937 rng{11};
    for (std::string line; std::getline(std::cin, line);) std::cout << answer(json::parse(line), rng).dump() << '\n';
}
