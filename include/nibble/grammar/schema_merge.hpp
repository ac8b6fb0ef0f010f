// SPDX-License-Identifier: Apache-2.0
// Several JSON schemas made one: references followed, and what must hold together joined.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/grammar/schema_keywords.hpp>
#include <nibble/grammar/schema_numbers.hpp>
#include <nibble/grammar/schema_reader.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Works on schemas as schema_reader gives them. A joined schema allows exactly what all of its parts do: keywords
/// that are read together (items with prefixItems, additionalProperties with properties) are joined together.
class schema_merger {
public:
    explicit schema_merger(schema_reader& reader) : reader_(reader) {}

    [[nodiscard]] schema_reader& reader() const noexcept { return reader_; }

    /// `schema` without `$ref` and `allOf`: what they say is part of it.
    [[nodiscard]] json flat(const json& schema, const schema_path& path) {
        const auto *ref = schema.find("$ref"), *all = schema.find("allOf");
        if (!ref && !all) return schema;
        reader_.count(path, 1 + schema.as_object().size());
        if (depth_ >= max_depth) {
            reader_.refuse(path, ref ? "$ref" : "allOf", "references and allOf at most 64 deep", "more");
            return true;
        }
        ++depth_;
        json out = without(without(schema, "$ref"), "allOf");
        if (ref) out = merged(reader_.target(ref->as_string(), path), out, path);
        if (all)
            for (const auto& part : all->as_array()) out = merged(out, part, path);
        --depth_;
        return out;
    }

    [[nodiscard]] static json without(const json& schema, std::string_view key) {
        json_object out;
        for (const auto& [name, value] : schema.as_object())
            if (name != key) out.set(name, value);
        return out;
    }

    /// One flat schema that allows what both allow.
    [[nodiscard]] json merged(const json& left, const json& right, const schema_path& path) {
        const json a = flat(left, path), b = flat(right, path);
        if (a.is_boolean()) return a.as_boolean() ? b : a;
        if (b.is_boolean()) return b.as_boolean() ? a : b;
        const auto &in_a = a.as_object(), &in_b = b.as_object();
        reader_.count(path, 1 + in_b.size());
        json_object out = in_a;
        for (const auto& [key, value] : in_b) {
            const auto* present = in_a.find(key);
            out.set(key, present && !same_value(*present, value) ? both(key, *present, value, path) : value);
        }
        if (in_a.find("properties") || in_b.find("properties")) out.set("properties", joined_properties(in_a, in_b));
        if (in_a.find("prefixItems") || in_b.find("prefixItems")) out.set("prefixItems", joined_items(in_a, in_b));
        return out;
    }

    /// What an object's schema says of the property `name`.
    [[nodiscard]] static json of_property(const json_object& keywords, const std::string& name) {
        const auto *listed = keywords.find("properties"), *additional = keywords.find("additionalProperties");
        const auto* property = listed ? listed->find(name) : nullptr;
        return property ? *property : additional ? *additional : json{true};
    }

    /// What an array's schema says of item number `index`.
    [[nodiscard]] static json of_item(const json_object& keywords, std::size_t index) {
        const auto *prefix = keywords.find("prefixItems"), *items = keywords.find("items");
        if (prefix && index < prefix->as_array().size()) return prefix->as_array()[index];
        return items ? *items : json{true};
    }

private:
    static constexpr std::size_t max_depth = 64;

    /// What one keyword of two schemas says when both hold. Those that are read together with others come later.
    json both(const std::string& key, const json& a, const json& b, const schema_path& path) {
        if (key.starts_with("min") || key == "exclusiveMinimum") return is_less(a, b) ? b : a;
        if (key.starts_with("max") || key == "exclusiveMaximum") return is_less(a, b) ? a : b;
        if (key == "items" || key == "additionalProperties") return joined(a, b);
        if (key == "enum") {
            reader_.count(path, a.as_array().size() * b.as_array().size() / 16 + 1);
            return in_both(a, b, same_value);
        }
        if (key == "type") {
            const auto narrower = [](const json& x, const json& y) {  // in_both takes x
                return x == y || (x == json{"integer"} && y == json{"number"});
            };
            json::array out = in_both(a, b, narrower);
            for (const auto& x : in_both(b, a, narrower))
                if (std::find(out.begin(), out.end(), x) == out.end()) out.push_back(x);
            return out;
        }
        if (key == "required" || key == "pattern" || key == "format") {
            json out = a;
            for (const auto& entry : b.as_array()) out.push_back(entry);
            return out;
        }
        if (key == "multipleOf") return least_common_multiple(a.as_integer(), b.as_integer(), path);
        if (key == "anyOf" || key == "oneOf") {  // one of each: exactly one pair fits if exactly one of each does
            reader_.count(path, a.as_array().size() * b.as_array().size());
            json out = json::array{};
            for (const auto& x : a.as_array())
                for (const auto& y : b.as_array()) out.push_back(joined(x, y));
            return out;
        }
        return b;  // properties and prefixItems
    }

    static json::array in_both(const json& a, const json& b, bool (*same)(const json&, const json&)) {
        json::array out;
        for (const auto& x : a.as_array())
            if (any_of(b.as_array(), [&](const json& y) { return same(x, y); })) out.push_back(x);
        return out;
    }

    json least_common_multiple(std::int64_t a, std::int64_t b, const schema_path& path) {
        const std::int64_t factor = b / std::gcd(a, b);
        if (a <= INT64_MAX / factor) return a * factor;
        reader_.refuse(path, "multipleOf", "a common multiple below 2^63", "none");
        return a;
    }

    static json joined(const json& a, const json& b) {
        if (a.is_boolean()) return a.as_boolean() ? b : a;
        if (b.is_boolean()) return b.as_boolean() ? a : b;
        return same_value(a, b) ? a : json_object{{"allOf", json::array{a, b}}};
    }

    static json_object joined_properties(const json_object& a, const json_object& b) {
        json_object out;
        for (const auto* side : {&a, &b})
            if (const auto* listed = side->find("properties"))
                for (const auto& [name, unused] : listed->as_object())
                    if (!out.find(name)) out.set(name, joined(of_property(a, name), of_property(b, name)));
        return out;
    }

    static json::array joined_items(const json_object& a, const json_object& b) {
        std::size_t count = 0;
        for (const auto* side : {&a, &b})
            if (const auto* prefix = side->find("prefixItems")) count = std::max(count, prefix->as_array().size());
        json::array out;
        for (std::size_t i = 0; i < count; ++i) out.push_back(joined(of_item(a, i), of_item(b, i)));
        return out;
    }

    schema_reader& reader_;
    std::size_t depth_ = 0;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
