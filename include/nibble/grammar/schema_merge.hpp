// SPDX-License-Identifier: Apache-2.0
// What a JSON schema means before it becomes a grammar: its keywords, references, and several schemas made one.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
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

/// Equal as JSON schema sees it: 1 and 1.0 are the same number.
[[nodiscard]] inline bool same_value(const json& a, const json& b) {
    return a.is_number() && b.is_number() ? (a.is_integer() && b.is_integer() ? a == b : a.as_double() == b.as_double())
                                          : a == b;
}

/// Follows references and joins schemas that must hold together. Counts its work, so that schemas that blow up when
/// they are written out are refused.
class schema_merger {
public:
    schema_merger(const json& root, std::size_t most_schemas) : root_(root), schemas_left_(most_schemas) {}

    void count(const schema_path& path, std::size_t schemas = 1) {
        if (schemas > schemas_left_)
            throw error(errc::grammar_limit, path.text(), "a schema that is smaller when written out",
                        "more than the limit");
        schemas_left_ -= schemas;
    }

    /// The schema that a local reference (#, #/$defs/name, any JSON pointer) names.
    [[nodiscard]] const json& target(const json& ref, const schema_path& path) const {
        const auto here = path / "$ref";
        if (!ref.is_string() || ref.as_string().empty() || ref.as_string()[0] != '#')
            here.fail("a reference into this schema (#/...)", shown(ref));
        const std::string pointer = percent_decoded(std::string_view{ref.as_string()}.substr(1));
        std::string_view rest = pointer;
        const json* at = &root_;
        while (!rest.empty() && at) {
            if (rest[0] != '/') here.fail("a JSON pointer", shown(ref));
            const auto end = std::min(rest.find('/', 1), rest.size());
            const std::string key = unescaped(rest.substr(1, end - 1));
            rest.remove_prefix(end);
            if (at->is_array()) {
                const bool is_index =
                    !key.empty() && key.size() < 7 && key.find_first_not_of("0123456789") == std::string::npos;
                const std::size_t index = is_index ? std::stoul(key) : at->as_array().size();
                at = index < at->as_array().size() ? &at->as_array()[index] : nullptr;
            } else {
                at = at->find(key);
            }
        }
        if (!at) here.fail("a place in this schema", shown(ref));
        return *at;
    }

    /// `schema` without `$ref` and `allOf`: what they say is part of it.
    [[nodiscard]] json flat(const json& schema, const schema_path& path) {
        if (!schema.is_object()) return schema;
        const auto* ref = schema.find("$ref");
        const auto* all = schema.find("allOf");
        if (!ref && !all) return schema;
        count(path, 1 + schema.as_object().size());
        if (depth_ >= max_depth) path.fail("references and allOf at most 64 deep", "more");
        ++depth_;
        json out = without(schema, {"$ref", "allOf"});
        if (ref) out = merged(flat(target(*ref, path), path / "$ref"), out, path);
        if (all) {
            const auto here = path / "allOf";
            if (!all->is_array()) here.fail("a list of schemas", shown(*all));
            for (std::size_t i = 0; i < all->as_array().size(); ++i) out = merged(out, all->as_array()[i], here / i);
        }
        --depth_;
        return out;
    }

    [[nodiscard]] static json without(const json& schema, std::initializer_list<std::string_view> keys) {
        json_object out;
        for (const auto& [key, value] : schema.as_object())
            if (std::find(keys.begin(), keys.end(), key) == keys.end()) out.set(key, value);
        return out;
    }

    /// One flat schema that allows what both allow.
    [[nodiscard]] json merged(const json& left, const json& right, const schema_path& path) {
        const json a = flat(left, path), b = flat(right, path);
        for (const auto* x : {&a, &b})
            if (!x->is_object() && !x->is_boolean()) path.fail("a schema (an object or a boolean)", shown(*x));
        if (a.is_boolean()) return a.as_boolean() ? b : a;
        if (b.is_boolean()) return b.as_boolean() ? a : b;
        count(path, 1 + b.as_object().size());
        check_additional(a, b, path);
        check_additional(b, a, path);
        json_object out = a.as_object();
        for (const auto& [key, value] : b.as_object()) {
            const auto* present = out.find(key);
            out.set(key, present ? both(key, *present, value, path / key) : value);
        }
        return out;
    }

    /// True if it is certain that no value that is written for `a` fits `b`, nor the other way round.
    [[nodiscard]] bool exclusive(const json& left, const json& right, const schema_path& path, int depth = 0) {
        const json a = flat(left, path), b = flat(right, path);
        if (!a.is_object() || !b.is_object() || depth > 4) return false;
        count(path);
        const auto values_a = values_of(a), values_b = values_of(b);
        if (!values_a.empty() && !values_b.empty()) {
            return std::none_of(values_a.begin(), values_a.end(), [&](const json* x) {
                return std::any_of(values_b.begin(), values_b.end(), [&](const json* y) { return same_value(*x, *y); });
            });
        }
        const auto types_a = type_names(a, path), types_b = type_names(b, path);
        const bool types_meet = std::any_of(types_a.begin(), types_a.end(), [&](const std::string& x) {
            return std::any_of(types_b.begin(), types_b.end(), [&](const std::string& y) {
                return x == y || (x == "integer" && y == "number") || (x == "number" && y == "integer");
            });
        });
        if (!types_meet) return true;
        if (types_a != std::vector<std::string>{"object"} || types_b != types_a) return false;
        for (const auto& name : required_of(a)) {
            const auto *in_a = property_of(a, name), *in_b = property_of(b, name);
            if (is_required(b, name) && in_a && in_b && exclusive(*in_a, *in_b, path, depth + 1)) return true;
        }
        return demands_unlisted(a, b) && demands_unlisted(b, a);
    }

private:
    static constexpr std::size_t max_depth = 64;

    /// What one keyword of two schemas says when both hold.
    json both(const std::string& key, const json& a, const json& b, const schema_path& path) {
        if (same_value(a, b) || is_annotation(key)) return a;
        const auto is_one_of = [&](std::initializer_list<std::string_view> keys) {
            return std::find(keys.begin(), keys.end(), key) != keys.end();
        };
        if (is_one_of({"minimum", "exclusiveMinimum", "minLength", "minItems"}) && a.is_number() && b.is_number())
            return a.as_double() < b.as_double() ? b : a;
        if (is_one_of({"maximum", "exclusiveMaximum", "maxLength", "maxItems"}) && a.is_number() && b.is_number())
            return a.as_double() < b.as_double() ? a : b;
        if (key == "uniqueItems" && a.is_boolean() && b.is_boolean()) return true;
        if (key == "nullable" && a.is_boolean() && b.is_boolean()) return false;
        if (key == "items") return json_object{{"allOf", json::array{a, b}}};
        if (key == "properties" && a.is_object() && b.is_object()) {
            json_object out = a.as_object();
            for (const auto& [name, schema] : b.as_object()) {
                const auto* present = out.find(name);
                out.set(name, present ? json{json_object{{"allOf", json::array{*present, schema}}}} : schema);
            }
            return out;
        }
        if (key == "required" && a.is_array() && b.is_array()) {
            json out = a;
            for (const auto& name : b.as_array()) out.push_back(name);
            return out;
        }
        if (key == "enum" && a.is_array() && b.is_array()) {
            count(path, a.as_array().size() * b.as_array().size() / 16 + 1);
            json::array out;
            for (const auto& x : a.as_array())
                if (std::any_of(b.as_array().begin(), b.as_array().end(),
                                [&](const json& y) { return same_value(x, y); }))
                    out.push_back(x);
            return out;
        }
        if (key == "type") {
            json::array out;
            for (const auto& x : names_in(a))
                for (const auto& y : names_in(b)) {
                    if (x == y || (x == "integer" && y == "number")) out.push_back(x);
                    if (x == "number" && y == "integer") out.push_back(y);
                }
            return out;
        }
        if (key == "additionalProperties" && a.is_boolean()) return a.as_boolean() ? b : a;
        if (key == "additionalProperties" && b.is_boolean()) return b.as_boolean() ? a : b;
        path.fail("schemas that agree", shown(a) + " and " + shown(b));
    }

    /// Properties that only `b` lists fall under the additionalProperties of `a`: that is only written out where it
    /// says nothing.
    static void check_additional(const json& a, const json& b, const schema_path& path) {
        const auto* additional = a.find("additionalProperties");
        const auto* listed = b.find("properties");
        if (!additional || !listed || !listed->is_object() || (additional->is_boolean() && additional->as_boolean()))
            return;
        for (const auto& [name, unused] : listed->as_object())
            if (!property_of(a, name))
                path.fail("joined schemas with the same properties where additionalProperties limits them",
                          "'" + escaped(name) + "' in one");
    }

    [[nodiscard]] static std::vector<std::string> names_in(const json& type) {
        std::vector<std::string> out;
        if (type.is_string()) out.push_back(type.as_string());
        if (type.is_array())
            for (const auto& name : type.as_array())
                if (name.is_string()) out.push_back(name.as_string());
        return out;
    }

    [[nodiscard]] static std::vector<const json*> values_of(const json& schema) {
        std::vector<const json*> out;
        if (const auto* only = schema.find("const")) {
            out.push_back(only);
        } else if (const auto* list = schema.find("enum"); list && list->is_array()) {
            for (const auto& value : list->as_array()) out.push_back(&value);
        }
        return out;
    }

    [[nodiscard]] static std::vector<std::string> type_names(const json& schema, const schema_path& path) {
        const auto values = values_of(schema);
        auto out = values.empty() ? types_of(schema.as_object(), path) : std::vector<std::string>{};
        for (const auto* value : values) out.emplace_back(type_name(*value));
        const auto* nullable = schema.find("nullable");
        if (nullable && nullable->is_boolean() && nullable->as_boolean()) out.push_back("null");
        return out;
    }

    [[nodiscard]] static const json* property_of(const json& schema, std::string_view name) {
        const auto* listed = schema.find("properties");
        return listed ? listed->find(name) : nullptr;
    }

    [[nodiscard]] static std::vector<std::string> required_of(const json& schema) {
        const auto* names = schema.find("required");
        return names && names->is_array() ? names_in(*names) : std::vector<std::string>{};
    }

    [[nodiscard]] static bool is_required(const json& schema, const std::string& name) {
        const auto names = required_of(schema);
        return std::find(names.begin(), names.end(), name) != names.end();
    }

    /// `a` demands a property that is never written for `b`.
    [[nodiscard]] static bool demands_unlisted(const json& a, const json& b) {
        const auto* additional = b.find("additionalProperties");
        const auto* listed = b.find("properties");
        const bool closed = additional ? additional->is_boolean() && !additional->as_boolean()
                                       : listed && listed->is_object() && !listed->as_object().empty();
        const auto names = required_of(a);
        return closed && std::any_of(names.begin(), names.end(),
                                     [&](const auto& name) { return !property_of(b, name) && !is_required(b, name); });
    }

    /// %HH of a URI fragment.
    [[nodiscard]] static std::string percent_decoded(std::string_view text) {
        std::string out;
        const auto digit = [](char c) {
            return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
        };
        for (std::size_t i = 0; i < text.size(); ++i) {
            const bool is_escape =
                text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
            out += is_escape ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
            if (is_escape) i += 2;
        }
        return out;
    }

    /// ~0 and ~1 of a JSON pointer.
    [[nodiscard]] static std::string unescaped(std::string_view key) {
        std::string out;
        for (std::size_t i = 0; i < key.size(); ++i) {
            const bool is_escape = key[i] == '~' && i + 1 < key.size() && (key[i + 1] == '0' || key[i + 1] == '1');
            out += is_escape ? (key[++i] == '0' ? '~' : '/') : key[i];
        }
        return out;
    }

    const json& root_;
    std::size_t schemas_left_;
    std::size_t depth_ = 0;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
