// SPDX-License-Identifier: Apache-2.0
// The keywords of a JSON schema: which there are, what stands under them, what they say about types.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// A place in a schema, as a JSON pointer in a fragment.
class schema_path {
public:
    schema_path() = default;
    explicit schema_path(std::string text) : text_(std::move(text)) {}

    [[nodiscard]] schema_path operator/(std::string_view key) const {
        std::string out = text_ + '/';
        for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
        return schema_path{std::move(out)};
    }
    [[nodiscard]] schema_path operator/(std::size_t index) const {
        return schema_path{text_ + '/' + std::to_string(index)};
    }
    [[nodiscard]] const std::string& pointer() const noexcept { return text_; }
    [[nodiscard]] std::string text() const { return "JSON schema at " + escaped(text_, 200); }

private:
    std::string text_ = "#";
};

/// The start of a value, for messages.
[[nodiscard]] inline std::string shown(const json& value) { return escaped(value.dump(), 40); }

/// What stands under a keyword.
enum class keyword_kind {
    unknown,     ///< no keyword, or one that a grammar cannot hold to
    annotation,  ///< anything: no value is forbidden by it
    schema,
    schemas,     ///< a list of schemas, not empty
    schema_map,  ///< an object of schemas
    count,       ///< a natural number
    number,
    text,
    names,  ///< a list of strings
    values,
    value,
    flag,
    type,  ///< the name of a type or a list of names
};

/// Members named here mean nothing for a grammar, or are read together with another: `nullable`, `additionalItems`.
[[nodiscard]] inline bool is_annotation(std::string_view key) {
    static constexpr std::string_view annotations[] = {"title",
                                                       "description",
                                                       "markdownDescription",
                                                       "default",
                                                       "example",
                                                       "examples",
                                                       "deprecated",
                                                       "readOnly",
                                                       "writeOnly",
                                                       "$comment",
                                                       "$schema",
                                                       "$id",
                                                       "id",
                                                       "$anchor",
                                                       "$dynamicAnchor",
                                                       "$vocabulary",
                                                       "$defs",
                                                       "definitions",
                                                       "contentMediaType",
                                                       "contentEncoding",
                                                       "contentSchema",
                                                       "discriminator",
                                                       "xml",
                                                       "externalDocs",
                                                       "enumNames",
                                                       "enumDescriptions",
                                                       "propertyOrdering",
                                                       "nullable",
                                                       "additionalItems"};
    return key.starts_with("x-") ||
           std::find(std::begin(annotations), std::end(annotations), key) != std::end(annotations);
}

[[nodiscard]] inline keyword_kind kind_of_keyword(std::string_view key) {
    using kind = keyword_kind;
    struct row {
        std::string_view key;
        kind is;
    };
    static constexpr row known[] = {{"type", kind::type},
                                    {"enum", kind::values},
                                    {"const", kind::value},
                                    {"$ref", kind::text},
                                    {"anyOf", kind::schemas},
                                    {"oneOf", kind::schemas},
                                    {"allOf", kind::schemas},
                                    {"properties", kind::schema_map},
                                    {"required", kind::names},
                                    {"additionalProperties", kind::schema},
                                    {"items", kind::schema},
                                    {"prefixItems", kind::schemas},
                                    {"minItems", kind::count},
                                    {"maxItems", kind::count},
                                    {"uniqueItems", kind::flag},
                                    {"minLength", kind::count},
                                    {"maxLength", kind::count},
                                    {"pattern", kind::text},
                                    {"format", kind::text},
                                    {"minimum", kind::number},
                                    {"maximum", kind::number},
                                    {"exclusiveMinimum", kind::number},
                                    {"exclusiveMaximum", kind::number},
                                    {"multipleOf", kind::number}};
    const auto* found = std::find_if(std::begin(known), std::end(known), [key](const row& r) { return r.key == key; });
    if (found != std::end(known)) return found->is;
    return is_annotation(key) ? kind::annotation : kind::unknown;
}

/// True for what forbids nothing, under a keyword that is otherwise unknown: `"not": false`.
[[nodiscard]] inline bool is_neutral(std::string_view key, const json& value) {
    const bool empty = value.is_object() && value.as_object().empty(), yes = value.is_boolean() && value.as_boolean();
    if (key == "not") return value.is_boolean() && !yes;
    if (key == "minProperties" || key == "minContains") return value.is_integer() && value.as_integer() == 0;
    if (key == "propertyNames" || key == "unevaluatedProperties" || key == "unevaluatedItems") return empty || yes;
    return (key == "patternProperties" || key == "dependentRequired" || key == "dependentSchemas" ||
            key == "dependencies") &&
           empty;
}

inline constexpr std::string_view json_types[] = {"object", "array", "string", "number", "integer", "boolean", "null"};

/// Whether a value may be of both types: an integer is a number.
[[nodiscard]] inline bool types_meet(std::string_view a, std::string_view b) {
    return a == b || (a == "integer" && b == "number") || (a == "number" && b == "integer");
}

[[nodiscard]] inline bool has_type(const json& value, std::string_view type) {
    if (type == "number") return value.is_number();
    if (type == "integer") return value.is_number() && value.as_double() == std::trunc(value.as_double());
    return (type == "null" && value.is_null()) || (type == "boolean" && value.is_boolean()) ||
           (type == "string" && value.is_string()) || (type == "array" && value.is_array()) ||
           (type == "object" && value.is_object());
}

/// The types that the keywords of a schema are about; all if they are about none.
[[nodiscard]] inline json::array types_spoken_of(const json_object& keywords) {
    const auto has = [&](std::initializer_list<std::string_view> keys) {
        return any_of(keys, [&](auto key) { return keywords.find(key) != nullptr; });
    };
    json::array out;
    if (has({"properties", "required", "additionalProperties"})) out.push_back("object");
    if (has({"items", "prefixItems", "minItems", "maxItems", "uniqueItems"})) out.push_back("array");
    if (has({"minLength", "maxLength", "pattern", "format"})) out.push_back("string");
    if (has({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})) out.push_back("number");
    return out.empty() ? json::array{"object", "array", "string", "number", "boolean", "null"} : out;
}

/// 3 for 3.0: what int64 can hold is an integer.
[[nodiscard]] inline json exact_number(const json& number) {
    if (!number.is_number() || number.is_integer()) return number;
    const double x = number.as_double();
    return x == std::trunc(x) && std::fabs(x) < 0x1p63 ? json{static_cast<std::int64_t>(x)} : number;
}

/// Equal as JSON schema sees it: 1 and 1.0 are the same number, however deep they lie.
[[nodiscard]] inline bool same_value(const json& a, const json& b) {
    if (a.is_number() && b.is_number()) return exact_number(a) == exact_number(b);
    if (a.is_array() && b.is_array())
        return std::equal(a.as_array().begin(), a.as_array().end(), b.as_array().begin(), b.as_array().end(),
                          same_value);
    if (a.is_object() && b.is_object())
        return a.as_object().size() == b.as_object().size() && all_of(a.as_object(), [&](const json_member& member) {
                   const auto* other = b.find(member.key);
                   return other && same_value(member.value, *other);
               });
    return a == b;
}

}  // namespace detail

NIBBLE_NAMESPACE_END
