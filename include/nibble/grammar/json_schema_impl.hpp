// SPDX-License-Identifier: Apache-2.0
// Definitions of grammar/json_schema.hpp: from schema to grammar.
#pragma once

#include <string>

#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/grammar/schema_converter.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION std::string json_schema_to_gbnf(const json& schema, const json_schema_options& options) {
    detail::schema_converter converter{schema, options};
    const std::string root = converter.convert();
    return "root ::= " + root + "\n" + converter.rules();
}

NIBBLE_FUNCTION grammar grammar_from_json_schema(const json& schema, const json_schema_options& options) {
    return grammar::from_gbnf(json_schema_to_gbnf(schema, options));
}

NIBBLE_NAMESPACE_END
