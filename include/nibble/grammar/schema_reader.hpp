// SPDX-License-Identifier: Apache-2.0
// Reads a JSON schema into the form that the rest of the grammar's making works on, and says what it cannot hold to.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/grammar/regex.hpp>
#include <nibble/grammar/schema_formats.hpp>
#include <nibble/grammar/schema_keywords.hpp>
#include <nibble/grammar/schema_options.hpp>
#include <nibble/grammar/schema_reference.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// A schema as read() gives it is a boolean or an object of keywords that all mean something, each of the right form:
///
///   const is an enum of one; type a list, with "null" where the schema is nullable, without "integer" beside "number"
///   items is one schema: a list of them, the older form of prefixItems, is prefixItems
///   exclusiveMinimum and exclusiveMaximum are numbers; a number without fraction is an integer; a limit
///   beyond int64 that most numbers keep is the last int64
///   pattern and format are lists, since several can hold together; multipleOf is a positive integer
///
/// What is malformed or not known is refused or left out here, once, at the place where the user wrote it.
class schema_reader {
public:
    schema_reader(const json& root, const json_schema_options& options, schema_path place)
        : raw_root_(root), options_(options), place_(std::move(place)), schemas_left_(options.max_schemas) {}

    [[nodiscard]] json read_root() { return read(raw_root_, place_, 0); }

    /// The schema that a local reference names. Valid as long as the reader.
    [[nodiscard]] const json& target(const std::string& ref, const schema_path& path) {
        if (const auto known = targets_.find(ref); known != targets_.end()) return known->second;
        const json* found = resolve_reference(raw_root_, ref);
        if (!found) refuse(path, "$ref", "a place in this schema (#/...)", escaped(ref, 40));
        return targets_.try_emplace(ref, found ? read(*found, place_of(ref), 0) : json{true}).first->second;
    }

    [[nodiscard]] schema_path place_of(const std::string& ref) const {
        return schema_path{place_.pointer() + ref.substr(std::min<std::size_t>(ref.size(), 1))};
    }

    /// Throws, or notes that the keyword does not count.
    void refuse(const schema_path& path, std::string_view keyword, const std::string& expected,
                const std::string& got) const {
        if (options_.policy == schema_policy::refuse)
            throw error(errc::schema_unsupported, (keyword.empty() ? path : path / keyword).text(), expected, got);
        relaxed_keyword entry{path.pointer(), std::string{keyword}, "expected " + expected + ", got " + got};
        auto* list = options_.relaxed;
        if (list && std::find(list->begin(), list->end(), entry) == list->end()) list->push_back(std::move(entry));
    }

    /// Counts the work, so that schemas that blow up when they are written out are refused.
    void count(const schema_path& path, std::size_t schemas = 1) {
        if (schemas > schemas_left_)
            throw error(errc::grammar_limit, path.text(), "a schema that is smaller when written out",
                        "more than the limit");
        schemas_left_ -= schemas;
    }

    [[nodiscard]] const json_schema_options& options() const noexcept { return options_; }

private:
    json read(const json& schema, const schema_path& path, std::size_t depth) {
        if (schema.is_boolean()) return schema;
        if (!schema.is_object() || depth > options_.max_depth) {
            if (schema.is_object()) {
                refuse(path, "", "at most " + std::to_string(options_.max_depth) + " schemas inside each other",
                       "more");
            } else {
                refuse(path, "", "a schema (an object or a boolean)", shown(schema));
            }
            return true;
        }
        count(path);
        const auto* id = schema.find("$id");
        const bool is_resource = id && id->is_string() && !id->as_string().starts_with('#') && &schema != &raw_root_;
        inside_resources_ += is_resource;
        json_object out;
        for (const auto& [key, value] : schema.as_object()) read_keyword(out, key, value, schema, path, depth);
        inside_resources_ -= is_resource;
        if (out.find("type") && is_true(schema.find("nullable"))) add_null(out.find("type")->as_array());
        return out;
    }

    void read_keyword(json_object& out, const std::string& key, const json& value, const json& schema,
                      const schema_path& path, std::size_t depth) {
        using kind = keyword_kind;
        const auto wrong = [&](const char* expected) { refuse(path, key, expected, shown(value)); };
        const auto inner = [&](const json& part, const schema_path& place) { return read(part, place, depth + 1); };
        const auto list_of_schemas = [&](const char* as) {
            json::array schemas;
            for (std::size_t i = 0; i < value.as_array().size(); ++i)
                schemas.push_back(inner(value.as_array()[i], path / key / i));
            out.set(as, std::move(schemas));
        };
        switch (kind_of_keyword(key)) {
            case kind::annotation: return;
            case kind::unknown:
                if (!is_neutral(key, value))
                    refuse(path, key, "a keyword that a grammar can hold to", "'" + escaped(key) + "'");
                return;
            case kind::schema:
                if (key != "items" || !value.is_array()) {
                    out.set(key, inner(value, path / key));
                } else if (!value.as_array().empty()) {
                    list_of_schemas("prefixItems");
                    if (const auto* rest = schema.find("additionalItems"))
                        out.set("items", inner(*rest, path / "additionalItems"));
                }
                return;
            case kind::schemas:
                if (!value.is_array() || value.as_array().empty()) return wrong("a list of schemas");
                return list_of_schemas(key.c_str());
            case kind::schema_map: {
                if (!value.is_object()) return wrong("an object");
                json_object schemas;
                for (const auto& [name, part] : value.as_object()) schemas.set(name, inner(part, path / key / name));
                out.set(key, std::move(schemas));
                return;
            }
            case kind::count: {
                const json number = exact_number(value);
                if (!number.is_integer() || number.as_integer() < 0) return wrong("a natural number");
                if (number.as_integer() > most_repeats) return too_many(key, value, path);
                if (number.as_integer() != 0 || !key.starts_with("min")) out.set(key, number);
                return;
            }
            case kind::number: return read_number(out, key, value, schema, path);
            case kind::text: return read_text(out, key, value, schema, path);
            case kind::names:
                if (!is_list_of_strings(value)) return wrong("a list of names");
                if (!value.as_array().empty()) out.set(key, value);
                return;
            case kind::values:
                if (!value.is_array()) return wrong("a list");
                return add_values(out, key, value.as_array(), path);
            case kind::value: return add_values(out, key, {value}, path);
            case kind::flag:
                if (!value.is_boolean()) return wrong("true or false");
                if (value.as_boolean()) out.set(key, true);
                return;
            case kind::type: return read_type(out, value, path);
        }
    }

    void too_many(const std::string& key, const json& value, const schema_path& path) const {
        const std::string expected = "a count of at most " + std::to_string(most_repeats);
        if (options_.policy == schema_policy::refuse)
            throw error(errc::grammar_limit, (path / key).text(), expected, shown(value));
        refuse(path, key, expected, shown(value));
    }

    void read_type(json_object& out, const json& value, const schema_path& path) const {
        json::array types;
        for (const auto& name : value.is_array() ? value.as_array() : json::array{value}) {
            if (!name.is_string() ||
                std::find(std::begin(json_types), std::end(json_types), name.as_string()) == std::end(json_types))
                return refuse(path, "type", "the name of a JSON type or a list of names", shown(value));
            if (std::find(types.begin(), types.end(), name) == types.end()) types.push_back(name);
        }
        if (types.empty()) return refuse(path, "type", "at least one type", "none");
        if (std::find(types.begin(), types.end(), json{"number"}) != types.end())
            types.erase(std::remove(types.begin(), types.end(), json{"integer"}), types.end());
        out.set("type", std::move(types));
    }

    /// The limits of OpenAPI 3.0 and draft 4 have `true` under the exclusive keyword and the number in the other one.
    void read_number(json_object& out, const std::string& key, const json& value, const json& schema,
                     const schema_path& path) const {
        const bool low = key == "minimum" || key == "exclusiveMinimum";
        if (key.starts_with("exclusive")) {
            if (value.is_boolean()) return;  // with the number
        } else if (key != "multipleOf" && is_true(schema.find(low ? "exclusiveMinimum" : "exclusiveMaximum"))) {
            return set_limit(out, low ? "exclusiveMinimum" : "exclusiveMaximum", value, key, path);
        }
        if (key != "multipleOf") return set_limit(out, key, value, key, path);
        const json step = exact_number(value);
        if (!step.is_integer() || step.as_integer() <= 0) return refuse(path, key, "a positive integer", shown(value));
        out.set(key, step);
    }

    void set_limit(json_object& out, const std::string& as, const json& value, const std::string& key,
                   const schema_path& path) const {
        if (!value.is_number() || !std::isfinite(value.as_double())) return refuse(path, key, "a number", shown(value));
        const json limit = exact_number(value);
        if (limit.is_integer() || std::fabs(limit.as_double()) < 0x1p63) return out.set(as, limit);
        const bool above = limit.as_double() > 0, is_low = key == "minimum" || key == "exclusiveMinimum";
        if (above == is_low) return refuse(path, key, "a limit below 2^63", shown(value));
        out.set(as, above ? INT64_MAX : INT64_MIN);
    }

    void read_text(json_object& out, const std::string& key, const json& value, const json& schema,
                   const schema_path& path) {
        if (!value.is_string()) return refuse(path, key, "a string", shown(value));
        const std::string& text = value.as_string();
        if (key == "$ref") {
            if (inside_resources_ == 0) return out.set(key, value);
            return refuse(path, key, "a reference in a schema without an $id of its own", shown(value));
        }
        if (key == "format") {
            const auto* type = schema.find("type");  // formats of numbers, such as int32, are for programs
            const bool of_strings = !type || !type->is_string() || type->as_string() == "string";
            if (!of_strings || is_free_format(text)) return;
            if (!format_pattern(text)) return refuse(path, key, "a format that is known", shown(value));
        } else {
            try {
                (void)parse_regex(text, (path / key).text());
            } catch (const error& e) {
                if (options_.policy == schema_policy::refuse) throw;
                return refuse(path, key, e.expected(), e.got());
            }
        }
        out.set(key, json::array{value});
    }

    void add_values(json_object& out, const std::string& key, const json::array& values,
                    const schema_path& path) const {
        json::array kept;
        for (const auto& value : values) {
            if (!is_written_exactly(value, 0))
                return refuse(path, key, "values that can be written exactly", shown(value));
            const auto* before = out.find("enum");  // const beside enum: both hold
            const auto is_same = [&](const json& x) { return same_value(x, value); };
            if (!before || any_of(before->as_array(), is_same)) kept.push_back(value);
        }
        out.set("enum", std::move(kept));
    }

    /// Integers that int64 cannot hold have become doubles: what is written for them would be another number.
    [[nodiscard]] bool is_written_exactly(const json& value, std::size_t depth) const {
        if (depth > options_.max_depth) return false;
        const auto is_exact = [&](const json& part) { return is_written_exactly(part, depth + 1); };
        if (value.is_array()) return all_of(value.as_array(), is_exact);
        if (value.is_object())
            return all_of(value.as_object(), [&](const json_member& member) { return is_exact(member.value); });
        return !value.is_number() || value.is_integer() || std::fabs(value.as_double()) < 0x1p63;
    }

    [[nodiscard]] static bool is_true(const json* flag) { return flag && flag->is_boolean() && flag->as_boolean(); }

    [[nodiscard]] static bool is_list_of_strings(const json& value) {
        return value.is_array() && all_of(value.as_array(), [](const json& name) { return name.is_string(); });
    }

    static void add_null(json::array& types) {
        if (std::find(types.begin(), types.end(), json{"null"}) == types.end()) types.push_back("null");
    }

    static constexpr std::int64_t most_repeats = 100'000;  // the default of grammar_limits::max_repeat

    const json& raw_root_;
    json_schema_options options_;
    schema_path place_;
    std::size_t schemas_left_;
    std::size_t inside_resources_ = 0;  // of schemas with an $id, to which their references belong
    std::map<std::string, json> targets_;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
