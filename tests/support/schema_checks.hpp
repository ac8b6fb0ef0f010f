// SPDX-License-Identifier: Apache-2.0
// Checks of JSON schemas: which texts one allows, which ones are refused.
#pragma once

#include <initializer_list>
#include <string>

#include <nibble/grammar/json_schema.hpp>
#include <nibble/grammar/matcher.hpp>

#include "schema_validator.hpp"
#include "test.hpp"

namespace nibble::test {

/// All of `good` are allowed, none of `bad`.
inline void check_texts(const char* schema, std::initializer_list<const char*> good,
                        std::initializer_list<const char*> bad) {
    INFO(schema);
    const auto g = grammar_from_json_schema(json::parse(schema));
    for (const auto* text : good) {
        INFO("text " << text);
        CHECK(matches(g, text));
    }
    for (const auto* text : bad) {
        INFO("text " << text);
        CHECK_FALSE(matches(g, text));
    }
}

/// The same for a schema of the current draft: all of `good` are valid, too.
inline void check_schema(const char* schema, std::initializer_list<const char*> good,
                         std::initializer_list<const char*> bad) {
    check_texts(schema, good, bad);
    const json parsed = json::parse(schema);
    for (const auto* text : good) {
        INFO(schema << "\ntext " << text);
        CHECK(schema_validator{parsed}.valid(json::parse(text)));
    }
}

inline void check_schema_refused(const std::string& schema, errc code, const std::string& says) {
    INFO(schema.substr(0, 200));
    try {
        (void)grammar_from_json_schema(json::parse(schema));
        FAIL_CHECK("accepted");
    } catch (const error& e) {
        INFO(e.what());
        CHECK(e.code() == code);
        CHECK(std::string{e.what()}.find(says) != std::string::npos);
    }
}

}  // namespace nibble::test
