// SPDX-License-Identifier: Apache-2.0
// Several JSON schemas made one: references followed, and what must hold together joined.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/grammar/schema_keywords.hpp>
#include <nibble/grammar/schema_reference.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

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

    /// The schema that a local reference names.
    [[nodiscard]] const json& target(const json& ref, const schema_path& path) const {
        return resolve_reference(root_, ref, path / "$ref");
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
        if (key == "properties" && a.is_object() && b.is_object()) return both_properties(a.as_object(), b.as_object());
        if (key == "required" && a.is_array() && b.is_array()) {
            json out = a;
            for (const auto& name : b.as_array()) out.push_back(name);
            return out;
        }
        if (key == "enum" && a.is_array() && b.is_array()) {
            count(path, a.as_array().size() * b.as_array().size() / 16 + 1);
            return values_in_both(a.as_array(), b.as_array());
        }
        if (key == "type") return types_in_both(a, b);
        if (key == "additionalProperties" && a.is_boolean()) return a.as_boolean() ? b : a;
        if (key == "additionalProperties" && b.is_boolean()) return b.as_boolean() ? a : b;
        path.fail("schemas that agree", shown(a) + " and " + shown(b));
    }

    static json_object both_properties(const json_object& a, const json_object& b) {
        json_object out = a;
        for (const auto& [name, schema] : b) {
            const auto* present = out.find(name);
            out.set(name, present ? json{json_object{{"allOf", json::array{*present, schema}}}} : schema);
        }
        return out;
    }

    static json::array values_in_both(const json::array& a, const json::array& b) {
        json::array out;
        for (const auto& x : a)
            if (std::any_of(b.begin(), b.end(), [&](const json& y) { return same_value(x, y); })) out.push_back(x);
        return out;
    }

    static json::array types_in_both(const json& a, const json& b) {
        json::array out;
        for (const auto& x : names_in(a))
            for (const auto& y : names_in(b)) {
                if (x == y || (x == "integer" && y == "number")) out.push_back(x);
                if (x == "number" && y == "integer") out.push_back(y);
            }
        return out;
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

    const json& root_;
    std::size_t schemas_left_;
    std::size_t depth_ = 0;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
