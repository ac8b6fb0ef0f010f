// SPDX-License-Identifier: Apache-2.0
// What a user says about a JSON schema that a grammar cannot hold to, and what he is told about it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// What happens where a schema says something that a grammar cannot hold to.
enum class schema_policy {
    refuse,  ///< errc::schema_unsupported: every text of the grammar is valid
    relax,   ///< the keyword is left out of account and reported: texts may break it, and nothing else
};

/// A keyword that was left out of account.
struct relaxed_keyword {
    std::string place;    ///< the schema that has it, as a JSON pointer: #/properties/size
    std::string keyword;  ///< empty if it is the whole schema
    std::string reason;   ///< "expected ..., got ..."

    friend bool operator==(const relaxed_keyword&, const relaxed_keyword&) = default;
};

struct json_schema_options {
    /// Allow white space between the parts: one space, or a line break and up to 20 spaces or tabs.
    bool white_space = true;
    schema_policy policy = schema_policy::refuse;
    std::vector<relaxed_keyword>* relaxed = nullptr;  ///< what `relax` left out is added here, if this is set
    std::size_t max_depth = 100;                      ///< schemas inside schemas, through references too
    std::size_t max_schemas = 20'000;                 ///< schemas visited, each $ref once
};

NIBBLE_NAMESPACE_END
