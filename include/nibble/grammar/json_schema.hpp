// SPDX-License-Identifier: Apache-2.0
// Turns a JSON schema into a grammar of the JSON texts that it allows.
//
// Every text of the grammar is valid against the schema. The reverse need not hold: the grammar writes properties in
// the schema's order, and where the schema leaves a choice that a model does not need it takes one (see below).
//
//   type (one or several), nullable, enum, const, anyOf, oneOf, allOf, $ref (local), boolean schemas
//   object   properties, required, additionalProperties (absent and with properties given: no others are written)
//   array    items, prefixItems, minItems, maxItems, uniqueItems
//   string   minLength, maxLength, pattern, format (see schema_formats.hpp), in any combination
//   integer  minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf; without bounds up to 18 digits
//   number   the same, with at most 15 decimals; without bounds up to 18 digits and two digits of exponent, too
//
// oneOf must have branches that no value can satisfy two of, by type, value, limits or required properties.
// uniqueItems must be of items with few values (up to 8 come in any order, more in the schema's), or of items that
// cannot be equal. multipleOf is an integer. Annotations (title, description, default, examples, $comment, ...; all in
// schema_keywords.hpp) mean nothing here.
//
// Anything else is an error that names its place, since a grammar that ignored it would promise what it does not keep;
// or, with schema_policy::relax, left out of account and reported, keyword by keyword.
#pragma once

#include <string>

#include <nibble/core/config.hpp>
#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/schema_options.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The grammar in GBNF, to look at or to build upon; its start is `root`. Throws errc::schema_unsupported with the
/// place in the schema as a JSON pointer.
[[nodiscard]] NIBBLE_FUNCTION std::string json_schema_to_gbnf(const json& schema,
                                                              const json_schema_options& options = {});

/// The grammar of the JSON texts that `schema` allows. Throws errc::schema_unsupported; errc::grammar_limit and
/// errc::grammar_too_deep where it grows too large, errc::grammar_syntax where no text can satisfy it.
[[nodiscard]] NIBBLE_FUNCTION grammar grammar_from_json_schema(const json& schema,
                                                               const json_schema_options& options = {});

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/grammar/json_schema_impl.hpp>
#endif
