// SPDX-License-Identifier: Apache-2.0
// Turns the schemas of a JSON schema into expressions of a grammar, each by what its keywords say.
#pragma once

#include <algorithm>
#include <cstddef>
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
#include <nibble/grammar/schema_judge.hpp>
#include <nibble/grammar/schema_keywords.hpp>
#include <nibble/grammar/schema_merge.hpp>
#include <nibble/grammar/schema_numbers.hpp>
#include <nibble/grammar/schema_options.hpp>
#include <nibble/grammar/schema_reader.hpp>
#include <nibble/grammar/schema_rules.hpp>
#include <nibble/grammar/schema_strings.hpp>
#include <nibble/grammar/schema_unique.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// The schemas that it works on are those of schema_reader. A schema that no text fits is never(); what cannot do
/// without it is never() too, and what can goes without.
class schema_converter : public schema_rules {
public:
    /// `root` must outlive this. `place` is where it is, for messages; rules have names that begin with `prefix`.
    schema_converter(const json& root, const json_schema_options& options, std::string prefix = {},
                     schema_path place = {})
        : schema_rules(options, std::move(prefix)), reader_(root, options, place), place_(std::move(place)) {}

    /// An expression for the root; the rules that it needs are in rules().
    std::string convert() {
        const json root = reader_.read_root();
        std::string out = value(root, place_, 0);
        if (out != never()) return out;
        reader_.refuse(contradiction_.path, contradiction_.keyword, contradiction_.expected, contradiction_.got);
        const auto* type = root.find("type");  // relaxed: that much is sure
        return value(type ? json_object{{"type", *type}} : json_object{}, place_, 0);
    }

private:
    // ---- any schema

    std::string value(const json& schema, const schema_path& path, std::size_t depth) {
        if (depth > options().max_depth) {
            reader_.refuse(path, "", "at most " + std::to_string(options().max_depth) + " schemas inside each other",
                           "more");
            return any_value();
        }
        reader_.count(path);
        if (schema.is_boolean())
            return schema.as_boolean() ? any_value()
                                       : contradiction(path, "", "a schema that allows something", "false");
        const auto& keywords = schema.as_object();
        if (keywords.empty()) return any_value();
        if (const auto* ref = keywords.find("$ref"); ref && keywords.size() == 1)
            return reference(ref->as_string(), path, depth);
        if (keywords.find("$ref") || keywords.find("allOf")) return value(merger_.flat(schema, path), path, depth + 1);
        if (const auto* values = keywords.find("enum")) return listed(values->as_array(), schema, path);
        for (const auto* key : {"anyOf", "oneOf"})
            if (const auto* branches = keywords.find(key))
                return choice(schema, key, branches->as_array(), path, depth);
        const json_object written = narrowed(keywords);
        const auto& types = written.find("type")->as_array();
        if (types.empty()) return contradiction(path, "type", "types in common", "none");
        std::string out;
        for (const auto& type : types) add_alternative(out, value_of_type(type.as_string(), written, path, depth));
        return out.empty() ? never() : "(" + out + ")";
    }

    std::string reference(const std::string& ref, const schema_path& path, std::size_t depth) {
        const json& target = reader_.target(ref, path);
        auto& name = rule_of_reference_[ref];
        if (!name.empty()) return name;
        name = new_rule();
        const std::string rule = name;
        const std::string body = value(target, reader_.place_of(ref), depth + 1);
        set_rule(rule, body);
        return body == never() ? body : rule;
    }

    std::string choice(const json& schema, const std::string& key, const json::array& branches, const schema_path& path,
                       std::size_t depth) {
        const auto here = path / key;
        const bool alone = schema.as_object().size() == 1;  // references stay references
        const json base = schema_merger::without(schema, key);
        std::vector<json> whole;
        for (std::size_t i = 0; i < branches.size(); ++i)
            whole.push_back(alone ? branches[i] : merger_.merged(base, branches[i], here / i));
        if (key == "oneOf") check_exclusive(whole, path);
        std::string out;
        for (std::size_t i = 0; i < whole.size(); ++i) add_alternative(out, value(whole[i], here / i, depth + 1));
        return out.empty() ? never() : "(" + out + ")";
    }

    void check_exclusive(const std::vector<json>& branches, const schema_path& path) {
        std::vector<json> flat;
        flat.reserve(branches.size());
        for (const auto& branch : branches) flat.push_back(merger_.flat(branch, path));
        for (std::size_t i = 0; i < flat.size(); ++i)
            for (std::size_t k = 0; k < i; ++k)
                if (!judge_.exclusive(flat[k], flat[i], path))
                    return reader_.refuse(path, "oneOf", "branches of which no value fits two",
                                          "branches " + std::to_string(k) + " and " + std::to_string(i) +
                                              " (use anyOf if that is fine)");
    }

    /// The values of an enum that all of the schema allows.
    std::string listed(const json::array& values, const json& schema, const schema_path& path) {
        std::string out;
        std::set<std::string> written;
        const json rest = schema_merger::without(schema, "enum");
        for (const auto& candidate : values)
            if (judge_.fits(candidate, rest, path) == verdict::yes)
                if (const auto text = literal_value(candidate); written.insert(text).second)
                    append_alternative(out, text);
        return out.empty() ? contradiction(path, "enum", "a value that is allowed", "none") : "(" + out + ")";
    }

    // ---- one type

    std::string value_of_type(const std::string& type, const json_object& keywords, const schema_path& path,
                              std::size_t depth) {
        if (type == "null") return "\"null\"";
        if (type == "boolean") return "\"true\" | \"false\"";
        if (type == "string") return string(keywords, path);
        if (type == "array") return array(keywords, path, depth);
        if (type == "object") return object(keywords, path, depth);
        return number(type, keywords, path);
    }

    std::string number(const std::string& type, const json_object& keywords, const schema_path& path) {
        const number_range limits{keywords};
        std::optional<std::string> out;
        if (const auto* divisor = keywords.find("multipleOf")) {
            out = multiples_text(*this, divisor->as_integer(), limits);
            if (!out) reader_.refuse(path, "multipleOf", "a multiple that takes fewer rules", shown(*divisor));
        }
        if (!out) out = type == "integer" ? integer_text(limits) : number_text(limits);
        return out->empty() ? contradiction(path, "", "a number between the limits", "none") : *out;
    }

    std::string string(const json_object& keywords, const schema_path& path) {
        const auto shortest = count_of(keywords, "minLength").value_or(0);
        auto longest = count_of(keywords, "maxLength");
        if (longest && shortest > *longest) return contradiction(path, "minLength", "minLength <= maxLength", "more");
        const auto quoted = [](const std::string& inside) { return "\"\\\"\" " + inside + " \"\\\"\""; };
        const auto automata = automata_of(keywords, path);
        if (automata.empty()) return quoted(character() + times(shortest, longest));
        json_object said;
        for (const char* key : {"pattern", "format", "minLength", "maxLength"})
            if (const auto* value = keywords.find(key)) said.set(key, *value);
        const std::string known_as = json{said}.dump();
        if (const auto known = rule_of_string_.find(known_as); known != rule_of_string_.end())
            return quoted(known->second);
        if (const auto most = longest_of_formats(keywords)) longest = std::min(longest.value_or(*most), *most);
        using outcome = string_rule_result::outcome;
        const auto written = string_writer{*this, shortest, longest}.write(automata);
        if (written.is == outcome::found) return quoted(rule_of_string_[known_as] = written.rule);
        if (written.is == outcome::no_text)
            return contradiction(path, "", "a string that keeps to all of the schema", "none");
        for (const char* key : {"maxLength", "minLength", "pattern", "format"})
            if (said.find(key)) {
                reader_.refuse(path, key, "at most 10000 states of the pattern, told apart by length", "more");
                return string(schema_merger::without(keywords, key).as_object(), path);
            }
        return never();
    }

    // ---- arrays

    std::string array(const json_object& keywords, const schema_path& path, std::size_t depth) {
        auto shortest = count_of(keywords, "minItems").value_or(0);
        auto longest = count_of(keywords, "maxItems");
        if (longest && shortest > *longest) return contradiction(path, "minItems", "minItems <= maxItems", "more");
        const auto* prefix = keywords.find("prefixItems");
        const auto* items = keywords.find("items");
        if (keywords.find("uniqueItems") && !(longest && *longest <= 1))
            if (const auto rule = unique(keywords, path, shortest, longest)) return *rule;
        strings parts;
        for (std::size_t i = 0; prefix && i < prefix->as_array().size() && (!longest || i < *longest); ++i) {
            const std::string part = value(prefix->as_array()[i], path / "prefixItems" / i, depth + 1);
            if (part == never()) longest = i;
            if (part != never()) parts.push_back(part);
        }
        const std::size_t fixed = parts.size();
        std::string item = never();
        if (!longest || *longest > fixed) item = items ? value(*items, path / "items", depth + 1) : any_value();
        if (item == never()) longest = fixed;
        if (longest && shortest > *longest) return contradiction(path, "minItems", "items for minItems", "none");
        return array_of(parts, set_rule(new_rule(), item), shortest, longest);
    }

    /// The array if its items are few values; nothing if they differ by themselves, or if that is left out.
    std::optional<std::string> unique(const json_object& keywords, const schema_path& path, std::size_t shortest,
                                      std::optional<std::size_t> longest) {
        const auto* prefix = keywords.find("prefixItems");
        const std::size_t fixed = prefix ? prefix->as_array().size() : 0;
        std::vector<json::array> positions;
        bool is_few = true, is_apart = true;
        for (std::size_t i = 0; i <= fixed && (!longest || i < *longest); ++i) {
            const json item = schema_merger::of_item(keywords, i);
            const auto few = item == json{false} ? json::array{} : few_values(item, merger_, path / "items");
            is_few = is_few && few;
            if (few) positions.push_back(*few);
            if (i == fixed) is_apart = is_apart && item == json{false};
            for (std::size_t k = 0; k < i && i < fixed; ++k)
                is_apart = is_apart && judge_.exclusive(schema_merger::of_item(keywords, k), item, path);
        }
        if (is_few)
            return "\"[\"" + space() + " " + unique_items{*this, positions, shortest, longest}.write() + space() +
                   " \"]\"";
        if (!is_apart)
            reader_.refuse(path, "uniqueItems", "items of an enum, or fixed ones that cannot be equal", "others");
        return std::nullopt;
    }

    // ---- objects: the properties in order; those that are not required may be left out

    std::string object(const json_object& keywords, const schema_path& path, std::size_t depth) {
        const auto *listed = keywords.find("properties"), *additional = keywords.find("additionalProperties"),
                   *required = keywords.find("required");
        const auto is_required = [&](const std::string& name) {
            return required && std::find(required->as_array().begin(), required->as_array().end(), json{name}) !=
                                   required->as_array().end();
        };
        std::vector<object_member> properties;
        strings names;
        if (listed)
            for (const auto& [key, schema] : listed->as_object()) {
                names.push_back(key);
                const auto text = value(schema, path / "properties" / key, depth + 1);
                if (text != never()) {
                    properties.push_back({key, key_text(key) + text, is_required(key)});
                } else if (is_required(key)) {
                    return never();
                }
            }
        std::string other = additional ? value(*additional, path / "additionalProperties", depth + 1) : any_value();
        if (other != never()) other = set_rule(new_rule(), other);
        if (required)
            for (const auto& name : required->as_array()) {
                if (std::find(names.begin(), names.end(), name.as_string()) != names.end()) continue;
                if (other == never())
                    return contradiction(path, "required", "only names that may occur",
                                         "'" + escaped(name.as_string()) + "'");
                names.push_back(name.as_string());
                properties.push_back({name.as_string(), key_text(name.as_string()) + other, true});
            }
        if (other == never()) return members(properties, "");
        return members(properties, "(" + key_other_than(names) + " \":\"" + space() + " " + other + ")");
    }

    // ---- helpers

    /// Adds one way, unless it is none.
    void add_alternative(std::string& so_far, const std::string& part) {
        if (part != never()) append_alternative(so_far, part);
    }

    /// never(), and what to say of it if nothing else fits either.
    std::string contradiction(const schema_path& path, const char* keyword, const char* expected, std::string got) {
        contradiction_ = {path, keyword, expected, std::move(got)};
        return never();
    }

    static std::optional<std::size_t> count_of(const json_object& keywords, const char* key) {
        const auto* number = keywords.find(key);
        return number ? std::optional{static_cast<std::size_t>(number->as_integer())} : std::nullopt;
    }

    schema_reader reader_;
    schema_merger merger_{reader_};
    schema_judge judge_{merger_};
    schema_path place_;
    std::map<std::string, std::string> rule_of_reference_, rule_of_string_;
    struct {
        schema_path path;
        std::string keyword, expected, got;
    } contradiction_;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
