// SPDX-License-Identifier: Apache-2.0
// The keywords of a JSON schema: which there are, what they say about types, where they stand.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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
        for (const char c : key.substr(0, 64)) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
        return schema_path{std::move(out)};
    }
    [[nodiscard]] schema_path operator/(std::size_t index) const {
        return schema_path{text_ + '/' + std::to_string(index)};
    }
    [[nodiscard]] std::string text() const { return "JSON schema at " + escaped(text_, 200); }

    /// Returns nothing: its type lets a failure stand where an expression is wanted.
    [[noreturn]] std::string fail(const std::string& expected, const std::string& got) const {
        throw error(errc::schema_unsupported, text(), expected, got);
    }

private:
    std::string text_ = "#";
};

/// The start of a value, for messages.
[[nodiscard]] inline std::string shown(const json& value) { return escaped(value.dump(), 40); }

[[nodiscard]] inline bool is_annotation(std::string_view key) {
    static constexpr std::array<std::string_view, 16> annotations{
        "title", "description", "default",          "example",        "examples", "$schema",
        "$id",   "$comment",    "$anchor",          "deprecated",     "readOnly", "writeOnly",
        "$defs", "definitions", "contentMediaType", "contentEncoding"};
    return std::find(annotations.begin(), annotations.end(), key) != annotations.end();
}

inline void check_keyword(std::string_view key, const schema_path& path) {
    static constexpr std::array<std::string_view, 24> known{"type",
                                                            "nullable",
                                                            "enum",
                                                            "const",
                                                            "anyOf",
                                                            "oneOf",
                                                            "allOf",
                                                            "$ref",
                                                            "properties",
                                                            "required",
                                                            "additionalProperties",
                                                            "items",
                                                            "prefixItems",
                                                            "minItems",
                                                            "maxItems",
                                                            "uniqueItems",
                                                            "minLength",
                                                            "maxLength",
                                                            "pattern",
                                                            "format",
                                                            "minimum",
                                                            "maximum",
                                                            "exclusiveMinimum",
                                                            "exclusiveMaximum"};
    if (std::find(known.begin(), known.end(), key) == known.end() && !is_annotation(key))
        throw error(errc::schema_unsupported, path.text(), "supported keywords", "'" + escaped(key) + "'");
}

[[nodiscard]] inline bool only_annotations_beside(const json_object& keywords, std::string_view but) {
    return std::all_of(keywords.begin(), keywords.end(),
                       [but](const auto& member) { return member.key == but || is_annotation(member.key); });
}

/// The types that a schema without enum, const or combinations allows: its `type`, or those that its other keywords
/// are about, or all.
[[nodiscard]] inline std::vector<std::string> types_of(const json_object& keywords, const schema_path& path) {
    std::vector<std::string> out;
    if (const auto* type = keywords.find("type")) {
        const auto add = [&](const json& name) {
            if (!name.is_string()) (path / "type").fail("a name or a list of names", shown(*type));
            if (std::find(out.begin(), out.end(), name.as_string()) == out.end()) out.push_back(name.as_string());
        };
        if (type->is_array()) {
            for (const auto& name : type->as_array()) add(name);
        } else {
            add(*type);
        }
        if (out.empty()) (path / "type").fail("at least one type", "none");
        if (std::find(out.begin(), out.end(), "number") != out.end())
            out.erase(std::remove(out.begin(), out.end(), "integer"), out.end());
        return out;
    }
    const auto has = [&](std::initializer_list<std::string_view> keys) {
        return std::any_of(keys.begin(), keys.end(), [&](auto key) { return keywords.find(key) != nullptr; });
    };
    if (has({"properties", "required", "additionalProperties"})) out.push_back("object");
    if (has({"items", "prefixItems", "minItems", "maxItems", "uniqueItems"})) out.push_back("array");
    if (has({"minLength", "maxLength", "pattern", "format"})) out.push_back("string");
    if (has({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})) out.push_back("number");
    if (out.empty()) out = {"object", "array", "string", "number", "boolean", "null"};
    return out;
}

/// The name of a value's type; integers are not "number" here.
[[nodiscard]] inline std::string_view type_name(const json& value) {
    constexpr std::array<std::string_view, 7> names{"null",   "boolean", "integer", "number",
                                                    "string", "array",   "object"};
    return names[static_cast<std::size_t>(value.type())];
}

[[nodiscard]] inline bool has_type(const json& value, std::string_view type) {
    if (type == "number") return value.is_number();
    if (type == "integer" && value.is_number()) return value.as_double() == std::trunc(value.as_double());
    return type == type_name(value);
}

/// Whether a value is of a type that `type`, which must be there, or `nullable` allows.
[[nodiscard]] inline bool fits_type(const json& candidate, const json_object& keywords) {
    const auto* nullable = keywords.find("nullable");
    if (candidate.is_null() && nullable && nullable->is_boolean() && nullable->as_boolean()) return true;
    const auto fits = [&](const json& type) { return type.is_string() && has_type(candidate, type.as_string()); };
    const auto& type = *keywords.find("type");
    if (!type.is_array()) return fits(type);
    return std::any_of(type.as_array().begin(), type.as_array().end(), fits);
}

/// The names that `required` lists.
[[nodiscard]] inline std::set<std::string> required_names(const json_object& keywords, const schema_path& path) {
    std::set<std::string> out;
    const auto* required = keywords.find("required");
    if (!required) return out;
    if (!required->is_array()) (path / "required").fail("a list of names", shown(*required));
    for (const auto& name : required->as_array()) {
        if (!name.is_string()) (path / "required").fail("a list of names", shown(name));
        out.insert(name.as_string());
    }
    return out;
}

/// Equal as JSON schema sees it: 1 and 1.0 are the same number.
[[nodiscard]] inline bool same_value(const json& a, const json& b) {
    return a.is_number() && b.is_number() && a.type() != b.type() ? a.as_double() == b.as_double() : a == b;
}

}  // namespace detail

NIBBLE_NAMESPACE_END
