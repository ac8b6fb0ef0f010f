// SPDX-License-Identifier: Apache-2.0
// A small JSON schema validator, straight from the specification: what texts of schema grammars are checked with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <regex>
#include <string>

#include <nibble/json/json.hpp>
#include <nibble/unicode/utf8.hpp>

namespace nibble::test {

/// Draft 2020-12 as far as json_schema_to_gbnf goes; "format" is checked.
class schema_validator {
public:
    explicit schema_validator(const json& root) : root_(root) {}

    [[nodiscard]] bool valid(const json& value) const { return valid(value, root_); }

private:
    bool valid(const json& v, const json& schema) const {
        if (schema.is_boolean()) return schema.as_boolean();
        const auto* nullable = schema.find("nullable");
        if (nullable && nullable->as_boolean() && v.is_null()) return true;
        const auto every = [](const json& list, auto test) {
            return std::all_of(list.as_array().begin(), list.as_array().end(), test);
        };
        const auto count = [](const json& list, auto test) {
            return std::count_if(list.as_array().begin(), list.as_array().end(), test);
        };
        const auto fits = [&](const json& s) { return valid(v, s); };
        const auto equals = [&](const json& x) { return same(x, v); };
        for (const auto& [key, k] : schema.as_object()) {
            if (key == "$ref" && !valid(v, target(k.as_string()))) return false;
            if (key == "allOf" && !every(k, fits)) return false;
            if (key == "anyOf" && count(k, fits) == 0) return false;
            if (key == "oneOf" && count(k, fits) != 1) return false;
            if (key == "const" && !equals(k)) return false;
            if (key == "enum" && count(k, equals) == 0) return false;
            if (key == "type" &&
                !(k.is_array() ? count(k, [&](const json& t) { return has_type(v, t.as_string()); }) > 0
                               : has_type(v, k.as_string())))
                return false;
            if (v.is_number() && !number_fits(v, key, k)) return false;
            if (v.is_string() && !string_fits(v.as_string(), key, k)) return false;
            if (v.is_array() && !array_fits(v.as_array(), schema, key, k)) return false;
            if (v.is_object() && !object_fits(v.as_object(), schema, key, k)) return false;
        }
        return true;
    }

    static bool same(const json& a, const json& b) {
        if (a.is_array() && b.is_array())
            return std::equal(a.as_array().begin(), a.as_array().end(), b.as_array().begin(), b.as_array().end(), same);
        return a == b || (a.is_number() && b.is_number() && a.as_double() == b.as_double());
    }

    static bool has_type(const json& v, const std::string& t) {
        if (t == "integer") return v.is_integer() || (v.is_number() && v.as_double() == std::floor(v.as_double()));
        return (t == "null" && v.is_null()) || (t == "boolean" && v.is_boolean()) || (t == "number" && v.is_number()) ||
               (t == "string" && v.is_string()) || (t == "array" && v.is_array()) || (t == "object" && v.is_object());
    }

    static bool number_fits(const json& v, const std::string& key, const json& k) {
        const bool exact = v.is_integer() && k.is_number() && k.is_integer();
        const auto less = [&] { return exact ? v.as_integer() < k.as_integer() : v.as_double() < k.as_double(); };
        const auto more = [&] { return exact ? v.as_integer() > k.as_integer() : v.as_double() > k.as_double(); };
        if (key == "minimum") return !less();
        if (key == "maximum") return !more();
        if (key == "exclusiveMinimum") return more();
        if (key == "exclusiveMaximum") return less();
        return true;
    }

    /// One element per character, so that a class takes a whole one.
    static std::wstring wide(const std::string& text) {
        std::wstring out;
        for (std::size_t at = 0; at < text.size();) {
            const auto [c, length] = decode_utf8(text, at);
            out += static_cast<wchar_t>(c);
            at += length;
        }
        return out;
    }

    static bool string_fits(const std::string& v, const std::string& key, const json& k) {
        const auto length =
            std::count_if(v.begin(), v.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
        if (key == "minLength") return length >= k.as_integer();
        if (key == "maxLength") return length <= k.as_integer();
        if (key == "pattern") return std::regex_search(wide(v), std::wregex{wide(k.as_string())});
        if (key == "format") {
            const std::string date = "\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])",
                              time = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d+)?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";
            const auto is = [&](const std::string& pattern) { return std::regex_match(v, std::regex{pattern}); };
            const auto real_day = [&] {
                const int year = std::stoi(v), month = std::stoi(v.substr(5)), day = std::stoi(v.substr(8));
                const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
                return day <= (month == 2                                              ? (leap ? 29 : 28)
                               : month == 4 || month == 6 || month == 9 || month == 11 ? 30
                                                                                       : 31);
            };
            if (k.as_string() == "date") return is(date) && real_day();
            if (k.as_string() == "time") return is(time);
            if (k.as_string() == "date-time") return is(date + "T" + time) && real_day();
            if (k.as_string() == "uuid") return is("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
            if (k.as_string() == "ipv4") return is("((25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.|$)){4}");
        }
        return true;
    }

    bool array_fits(const json::array& v, const json& schema, const std::string& key, const json& k) const {
        if (key == "minItems") return static_cast<std::int64_t>(v.size()) >= k.as_integer();
        if (key == "maxItems") return static_cast<std::int64_t>(v.size()) <= k.as_integer();
        const auto* prefix = schema.find("prefixItems");
        const std::size_t n_prefix = prefix ? prefix->as_array().size() : 0;
        for (std::size_t i = 0; i < v.size(); ++i) {
            if (key == "prefixItems" && i < n_prefix && !valid(v[i], k.as_array()[i])) return false;
            if (key == "items" && i >= n_prefix && !valid(v[i], k)) return false;
        }
        return true;
    }

    bool object_fits(const json_object& v, const json& schema, const std::string& key, const json& k) const {
        const auto* properties = schema.find("properties");
        if (key == "required")
            return std::all_of(k.as_array().begin(), k.as_array().end(),
                               [&](const json& name) { return v.find(name.as_string()) != nullptr; });
        for (const auto& [name, value] : v) {
            const auto* listed = properties ? properties->find(name) : nullptr;
            if (key == "properties" && listed && !valid(value, *listed)) return false;
            if (key == "additionalProperties" && !listed && !valid(value, k)) return false;
        }
        return true;
    }

    const json& target(const std::string& ref) const {
        const json* at = &root_;
        for (std::size_t i = 1; i < ref.size();) {
            const auto end = std::min(ref.find('/', i + 1), ref.size());
            at = at->find(ref.substr(i + 1, end - i - 1));
            if (!at) throw error(errc::bad_option, "test schema", "a target", ref);
            i = end;
        }
        return *at;
    }

    const json& root_;
};

}  // namespace nibble::test
