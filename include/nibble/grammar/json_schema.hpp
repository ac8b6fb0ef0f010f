// SPDX-License-Identifier: Apache-2.0
// Turns a JSON schema into a grammar of the JSON texts that it allows.
//
// Every text of the grammar is valid against the schema. The reverse need not hold: the grammar writes properties in
// the schema's order, and where the schema leaves a choice that a model does not need it takes one (see below).
//
//   type (one or several), nullable, enum, const, anyOf, oneOf, allOf, $ref (local), boolean schemas
//   object   properties, required, additionalProperties (absent and with properties given: no others are written)
//   array    items, prefixItems, minItems, maxItems
//   string   minLength, maxLength, or pattern, or format: date, time, date-time, uuid, ipv4
//   integer  minimum, maximum, exclusiveMinimum, exclusiveMaximum: exact; without bounds up to 18 digits
//   number   the same with integral bounds; at most 18 digits, 15 decimals, two digits of exponent
//
// oneOf must have branches that no value can satisfy two of, by type, value or required properties. Annotations
// (title, description, default, examples, $comment, ...) mean nothing here. Any other keyword is an error that names
// its place, since a grammar that ignored it would promise what it does not keep.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/regex.hpp>
#include <nibble/grammar/schema_keywords.hpp>
#include <nibble/grammar/schema_merge.hpp>
#include <nibble/grammar/schema_rules.hpp>
#include <nibble/grammar/schema_scalars.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Turns schemas into expressions, each by what its keywords say.
class schema_converter : public schema_rules {
public:
    schema_converter(const json& root, const json_schema_options& options, std::string prefix = {})
        : schema_rules(options, std::move(prefix)), merge_(root, options.max_schemas) {}

    /// An expression for `schema`; the rules that it needs are in rules().
    std::string convert(const json& schema, const schema_path& path = {}) { return value(schema, path, 0); }

private:
    // ---- any schema

    std::string value(const json& schema, const schema_path& path, std::size_t depth) {
        if (depth > options_.max_depth)
            path.fail("at most " + std::to_string(options_.max_depth) + " schemas inside each other", "more");
        merge_.count(path);
        if (schema.is_boolean())
            return schema.as_boolean() ? any_value() : path.fail("a schema that allows something", "false");
        if (!schema.is_object()) path.fail("a schema (an object or a boolean)", shown(schema));
        const auto& keywords = schema.as_object();
        for (const auto& [key, unused] : keywords) check_keyword(key, path);
        if (const auto* ref = keywords.find("$ref"); ref && only_annotations_beside(keywords, "$ref"))
            return reference(*ref, path, depth);
        if (const auto* all = keywords.find("allOf");
            all && all->is_array() && all->as_array().size() == 1 && only_annotations_beside(keywords, "allOf"))
            return value(all->as_array()[0], path / "allOf" / 0, depth + 1);
        if (keywords.find("$ref") || keywords.find("allOf")) return value(merge_.flat(schema, path), path, depth + 1);
        if (const auto* branches = keywords.find("anyOf")) return choice(schema, "anyOf", *branches, path, depth);
        if (const auto* branches = keywords.find("oneOf")) return choice(schema, "oneOf", *branches, path, depth);
        if (keywords.find("const") || keywords.find("enum")) return listed_values(keywords, path, depth);
        std::string out;
        for (const auto& type : types_of(keywords, path))
            append_alternative(out, value_of_type(type, keywords, path, depth));
        const auto* nullable = keywords.find("nullable");
        if (nullable && nullable->is_boolean() && nullable->as_boolean()) append_alternative(out, "\"null\"");
        return "(" + out + ")";
    }

    std::string reference(const json& ref, const schema_path& path, std::size_t depth) {
        const json& target = merge_.target(ref, path);
        auto& name = rule_of_reference_[ref.as_string()];
        if (!name.empty()) return name;
        name = new_rule();
        return set_rule(name, value(target, schema_path{ref.as_string()}, depth + 1));  // a map keeps `name` in place
    }

    std::string choice(const json& schema, const char* keyword, const json& branches, const schema_path& path,
                       std::size_t depth) {
        const auto here = path / keyword;
        if (!branches.is_array() || branches.as_array().empty()) here.fail("a list of schemas", shown(branches));
        const bool alone = only_annotations_beside(schema.as_object(), keyword);  // references stay references
        const json base = schema_merger::without(schema, {keyword});
        std::vector<json> whole;
        for (std::size_t i = 0; i < branches.as_array().size(); ++i)
            whole.push_back(alone ? branches.as_array()[i] : merge_.merged(base, branches.as_array()[i], here / i));
        if (std::string_view{keyword} == "oneOf") {
            for (std::size_t i = 0; i < whole.size(); ++i)
                for (std::size_t k = 0; k < i; ++k)
                    if (!merge_.exclusive(whole[k], whole[i], here))
                        here.fail("branches of which no value fits two", "branches " + std::to_string(k) + " and " +
                                                                             std::to_string(i) +
                                                                             " (use anyOf if that is fine)");
        }
        std::string out;
        for (std::size_t i = 0; i < whole.size(); ++i) append_alternative(out, value(whole[i], here / i, depth + 1));
        return "(" + out + ")";
    }

    // ---- enum and const

    std::string listed_values(const json_object& keywords, const schema_path& path, std::size_t depth) {
        const auto* list = keywords.find("enum");
        const auto* only = keywords.find("const");
        for (const auto& [key, unused] : keywords)
            if (key != "enum" && key != "const" && key != "type" && key != "nullable" && !is_annotation(key))
                (path / key).fail("no other limits beside enum or const", "'" + key + "'");
        if (list && !list->is_array()) (path / "enum").fail("a list", shown(*list));
        std::string out;
        std::set<std::string> written;
        const auto add = [&](const json& candidate) {
            if (only && !same_value(candidate, *only)) return;
            if (keywords.find("type") && !fits_type(candidate, keywords)) return;
            auto text = literal_value(candidate, depth);
            if (written.insert(text).second) append_alternative(out, text);
        };
        if (list) {
            for (const auto& candidate : list->as_array()) add(candidate);
        } else {
            add(*only);
        }
        if (written.empty()) path.fail("a value that is allowed", "none");
        return "(" + out + ")";
    }

    // ---- one type

    std::string value_of_type(const std::string& type, const json_object& keywords, const schema_path& path,
                              std::size_t depth) {
        if (type == "null") return "\"null\"";
        if (type == "boolean") return "\"true\" | \"false\"";
        if (type == "string") return string(keywords, path);
        if (type == "integer") return integer_text(keywords, path);
        if (type == "number") return number_text(keywords, path);
        if (type == "array") return array(keywords, path, depth);
        if (type == "object") return object(keywords, path, depth);
        return (path / "type").fail("a JSON type", "'" + escaped(type) + "'");
    }

    std::string string(const json_object& keywords, const schema_path& path) {
        const auto* format = keywords.find("format");
        const auto* pattern = keywords.find("pattern");
        const auto shortest = natural(keywords, "minLength", path), longest = natural(keywords, "maxLength", path);
        if ((format != nullptr) + (pattern != nullptr) + (shortest || longest) > 1)
            path.fail("one of format, pattern, and minLength or maxLength", "several");
        if (pattern) {
            if (!pattern->is_string()) (path / "pattern").fail("a string", shown(*pattern));
            return "\"\\\"\" " +
                   regex_converter{pattern->as_string(), character(), (path / "pattern").text()}.convert() +
                   " \"\\\"\"";
        }
        if (format) return "\"\\\"\" " + format_text(*format, path / "format") + " \"\\\"\"";
        return "\"\\\"\" " + character() + times(shortest.value_or(0), longest, path) + " \"\\\"\"";
    }

    std::string array(const json_object& keywords, const schema_path& path, std::size_t depth) {
        const auto* unique = keywords.find("uniqueItems");
        if (unique && !(unique->is_boolean() && !unique->as_boolean()))
            (path / "uniqueItems").fail("no uniqueItems", "it");
        auto shortest = natural(keywords, "minItems", path).value_or(0);
        const auto longest = natural(keywords, "maxItems", path);
        if (longest && shortest > *longest) path.fail("minItems <= maxItems", "more");
        strings parts;
        if (const auto* prefix = keywords.find("prefixItems")) {
            if (!prefix->is_array()) (path / "prefixItems").fail("a list of schemas", shown(*prefix));
            for (std::size_t i = 0; i < prefix->as_array().size() && (!longest || i < *longest); ++i)
                parts.push_back(value(prefix->as_array()[i], path / "prefixItems" / i, depth + 1));
        }
        const auto* items = keywords.find("items");
        const std::size_t fixed = parts.size();
        if ((items && items->is_boolean() && !items->as_boolean()) || (longest && *longest == fixed)) {
            if (shortest > fixed) path.fail("items for minItems", "none");
            return enclosed("[", parts, "]");
        }
        const std::string item = set_rule(new_rule(), items ? value(*items, path / "items", depth + 1) : any_value());
        const std::string more = "(\",\"" + space() + " " + item + ")";
        shortest = std::max(shortest, fixed) - fixed;
        const std::optional<std::size_t> most = longest ? std::optional{*longest - fixed} : std::nullopt;
        std::string out = "\"[\"" + space() + " ";
        for (std::size_t i = 0; i < fixed; ++i) out += (i == 0 ? "" : "\",\"" + space() + " ") + parts[i] + " ";
        if (fixed != 0) {
            out += more + times(shortest, most, path);
        } else {
            const std::string several =
                item + " " + more +
                times(shortest == 0 ? 0 : shortest - 1, most ? std::optional{*most - 1} : most, path);
            out += shortest == 0 ? "(" + several + ")?" : several;
        }
        return out + space() + " \"]\"";
    }

    // ---- objects: the properties in order; those that are not required may be left out

    struct property {
        std::string name;
        std::string text;  ///< key and value as GBNF
        bool required;
    };

    std::string object(const json_object& keywords, const schema_path& path, std::size_t depth) {
        const auto* listed = keywords.find("properties");
        const auto* additional = keywords.find("additionalProperties");
        const bool closed = additional ? additional->is_boolean() && !additional->as_boolean()
                                       : listed && listed->is_object() && !listed->as_object().empty();
        const auto required = required_names(keywords, path);
        std::vector<property> properties;
        if (listed) properties = listed_properties(*listed, required, path / "properties", depth);
        std::string other_value;
        const auto value_of_others = [&]() -> const std::string& {
            if (other_value.empty())
                other_value = additional
                                  ? set_rule(new_rule(), value(*additional, path / "additionalProperties", depth + 1))
                                  : any_value();
            return other_value;
        };
        for (const auto& name : required) {
            if (listed && listed->as_object().find(name)) continue;
            if (additional && closed) (path / "required").fail("only names that may occur", "'" + escaped(name) + "'");
            properties.push_back({name, key_text(name) + value_of_others(), true});
        }
        if (closed) return members(properties, "");
        strings names;
        for (const auto& one : properties) names.push_back(one.name);
        return members(properties, "(" + key_other_than(names) + " \":\"" + space() + " " + value_of_others() + ")");
    }

    std::vector<property> listed_properties(const json& listed, const std::set<std::string>& required,
                                            const schema_path& path, std::size_t depth) {
        if (!listed.is_object()) path.fail("an object", shown(listed));
        std::vector<property> out;
        for (const auto& [key, schema] : listed.as_object()) {
            const bool is_required = required.count(key) != 0;
            if (!is_required && schema.is_boolean() && !schema.as_boolean()) continue;
            out.push_back({key, key_text(key) + value(schema, path / key, depth + 1), is_required});
        }
        return out;
    }

    /// An object of the properties in order, and of any number of `other` members behind them unless it is empty.
    std::string members(const std::vector<property>& properties, const std::string& other) {
        // From the last property to the first: what may follow, with nothing written before it and with something.
        std::string first, rest;
        if (!other.empty()) {
            const std::string member_rule = set_rule(new_rule(), other);
            rest = set_rule(new_rule(), "(\",\"" + space() + " " + member_rule + ")*");
            first = set_rule(new_rule(), "(" + member_rule + " " + rest + ")?");
        }
        for (auto one = properties.rbegin(); one != properties.rend(); ++one) {
            const std::string text = set_rule(new_rule(), one->text);
            const std::string after = text + (rest.empty() ? "" : " " + rest);
            const std::string skipped_first = first.empty() ? "\"\"" : first,
                              skipped_rest = rest.empty() ? "\"\"" : rest;
            first = set_rule(new_rule(), after + (one->required ? "" : " | " + skipped_first));
            rest = set_rule(new_rule(), "\",\"" + space() + " " + after + (one->required ? "" : " | " + skipped_rest));
        }
        return "\"{\"" + space() + " " + (first.empty() ? "" : first + space() + " ") + "\"}\"";
    }

    schema_merger merge_;
    std::map<std::string, std::string> rule_of_reference_;
};

}  // namespace detail

/// The grammar in GBNF, to look at or to build upon; its start is `root`. Throws errc::schema_unsupported with the
/// place in the schema as a JSON pointer.
[[nodiscard]] inline std::string json_schema_to_gbnf(const json& schema, const json_schema_options& options = {}) {
    detail::schema_converter converter{schema, options};
    const std::string root = converter.convert(schema);
    return "root ::= " + root + "\n" + converter.rules();
}

/// The grammar of the JSON texts that `schema` allows. Throws errc::schema_unsupported; errc::grammar_limit and
/// errc::grammar_too_deep where it grows too large, errc::grammar_syntax where no text can satisfy it.
[[nodiscard]] inline grammar grammar_from_json_schema(const json& schema, const json_schema_options& options = {}) {
    return grammar::from_gbnf(json_schema_to_gbnf(schema, options));
}

NIBBLE_NAMESPACE_END
