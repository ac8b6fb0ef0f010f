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
#include <cmath>
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
#include <nibble/grammar/schema_merge.hpp>
#include <nibble/grammar/schema_scalars.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

struct json_schema_options {
    /// Allow white space between the parts: one space, or a line break and up to 20 spaces or tabs.
    bool white_space = true;
    std::size_t max_depth = 100;       ///< schemas inside schemas, through references too
    std::size_t max_schemas = 20'000;  ///< schemas visited, each $ref once
};

namespace detail {

/// Collects the rules of a grammar that consists of the forms of JSON values.
class schema_converter {
public:
    schema_converter(const json& root, const json_schema_options& options, std::string prefix = {})
        : options_(options), prefix_(std::move(prefix)), merge_(root, options.max_schemas) {}

    /// An expression for `schema`; the rules that it needs are in rules().
    std::string convert(const json& schema, const schema_path& path = {}) { return value(schema, path, 0); }

    [[nodiscard]] std::string rules() const {
        std::string out;
        for (const auto& [name, body] : rules_) out += name + " ::= " + body + "\n";
        return out;
    }

private:
    using strings = std::vector<std::string>;

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

    std::string literal_value(const json& literal, std::size_t depth) {
        if (depth > options_.max_depth)
            schema_path{}.fail("values of at most " + std::to_string(options_.max_depth) + " levels", "more");
        if (literal.is_array()) {
            strings items;
            for (const auto& item : literal.as_array()) items.push_back(literal_value(item, depth + 1));
            return enclosed("[", items, "]");
        }
        if (literal.is_object()) {
            strings members;
            for (const auto& [key, member] : literal.as_object())
                members.push_back(key_text(key) + literal_value(member, depth + 1));
            return enclosed("{", members, "}");
        }
        return gbnf_literal(literal.dump());
    }

    std::string enclosed(const char* open, const strings& parts, const char* close) {
        std::string out = gbnf_literal(open) + space();
        for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? " " : " \",\"" + space() + " ") + parts[i];
        return out + (parts.empty() ? " " : space() + " ") + gbnf_literal(close);
    }

    [[nodiscard]] static bool fits_type(const json& candidate, const json_object& keywords) {
        const auto* nullable = keywords.find("nullable");
        if (candidate.is_null() && nullable && nullable->is_boolean() && nullable->as_boolean()) return true;
        const auto fits = [&](const json& type) { return type.is_string() && has_type(candidate, type.as_string()); };
        const auto& type = *keywords.find("type");
        if (!type.is_array()) return fits(type);
        return std::any_of(type.as_array().begin(), type.as_array().end(), fits);
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

    std::string object(const json_object& keywords, const schema_path& path, std::size_t depth) {
        struct property {
            std::string text;
            bool required;
        };
        std::vector<property> properties;
        strings names;
        const auto* listed = keywords.find("properties");
        const auto* additional = keywords.find("additionalProperties");
        const bool closed = additional ? additional->is_boolean() && !additional->as_boolean()
                                       : listed && listed->is_object() && !listed->as_object().empty();
        const auto required = required_names(keywords, path);
        if (listed) {
            if (!listed->is_object()) (path / "properties").fail("an object", shown(*listed));
            for (const auto& [key, schema] : listed->as_object()) {
                const bool is_required = required.count(key) != 0;
                if (!is_required && schema.is_boolean() && !schema.as_boolean()) continue;
                properties.push_back(
                    {key_text(key) + value(schema, path / "properties" / key, depth + 1), is_required});
                names.push_back(key);
            }
        }
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
            properties.push_back({key_text(name) + value_of_others(), true});
            names.push_back(name);
        }
        // From the last property to the first: what may follow, with nothing written before it and with something.
        std::string first, rest;
        if (!closed) {
            const std::string member = "(" + key_other_than(names) + " \":\"" + space() + " " + value_of_others() + ")";
            const std::string member_rule = set_rule(new_rule(), member);
            rest = set_rule(new_rule(), "(\",\"" + space() + " " + member_rule + ")*");
            first = set_rule(new_rule(), "(" + member_rule + " " + rest + ")?");
        }
        for (auto property = properties.rbegin(); property != properties.rend(); ++property) {
            const std::string text = set_rule(new_rule(), property->text);
            const std::string after = text + (rest.empty() ? "" : " " + rest);
            const std::string skipped_first = first.empty() ? "\"\"" : first,
                              skipped_rest = rest.empty() ? "\"\"" : rest;
            first = set_rule(new_rule(), after + (property->required ? "" : " | " + skipped_first));
            rest = set_rule(new_rule(),
                            "\",\"" + space() + " " + after + (property->required ? "" : " | " + skipped_rest));
        }
        return "\"{\"" + space() + " " + (first.empty() ? "" : first + space() + " ") + "\"}\"";
    }

    static std::set<std::string> required_names(const json_object& keywords, const schema_path& path) {
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

    /// `"key": ` as GBNF.
    std::string key_text(const std::string& key) { return gbnf_literal(json{key}.dump() + ":") + space() + " "; }

    /// A rule for a quoted key that is none of `names`: a trie of them, left at some character or ended too early.
    /// Escapes are only written where no name can be meant any more.
    std::string key_other_than(const strings& names) {
        struct node {
            std::map<char32_t, std::size_t> next;
            bool is_name = false;
            std::string rule;
        };
        std::vector<node> trie(1);
        for (const auto& name : names) {
            std::size_t at = 0, position = 0;
            while (position < name.size()) {
                const auto [c, length] = decode_utf8(name, position);
                if (c > last_code_point || c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
                    break;  // not written without an escape
                position += length;
                const auto [entry, is_new] = trie[at].next.try_emplace(c, trie.size());
                at = entry->second;
                if (is_new) trie.emplace_back();
            }
            if (position == name.size()) trie[at].is_name = true;
        }
        for (std::size_t i = trie.size(); i-- > 0;) {  // children come after their parents
            std::vector<code_point_range> taken{{0, 0x1f}, {'"', '"'}, {'\\', '\\'}, {0x7f, 0x7f}};
            std::string out = trie[i].is_name ? "" : "\"\\\"\"";
            for (const auto& [c, child] : trie[i].next) {
                taken.push_back({c, c});
                append_alternative(out, gbnf_class({{c, c}}) + " " + trie[child].rule);
            }
            append_alternative(out, gbnf_class(complement(taken)) + " " + character() + "* \"\\\"\"");
            trie[i].rule = set_rule(new_rule(), out);
        }
        return "\"\\\"\" " + trie[0].rule;
    }

    // ---- common parts

    std::string any_value() {
        const std::string name = prefix_ + "value";
        if (!rules_.try_emplace(name).second) return name;
        const std::string any_string = "\"\\\"\" " + character() + "* \"\\\"\"",
                          member = any_string + " \":\"" + space() + " " + name;
        const auto list = [&](const char* open, const std::string& item, const char* close) {
            return gbnf_literal(open) + space() + " (" + item + " (\",\"" + space() + " " + item + ")*" + space() +
                   ")? " + gbnf_literal(close);
        };
        return set_rule(name, list("{", member, "}") + " | " + list("[", name, "]") + " | " + any_string + " | " +
                                  number_text({}, {}) + " | \"true\" | \"false\" | \"null\"");
    }

    /// One character of a string. Escapes of surrogates only in pairs.
    std::string character() {
        const std::string name = prefix_ + "char";
        if (rules_.find(name) == rules_.end()) {
            set_rule(name,
                     "[^\"\\\\\\x00-\\x1f\\x7f] | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" ([0-9a-cA-CefEF] [0-9a-fA-F]{3} | "
                     "[dD] ([0-7] [0-9a-fA-F]{2} | [89abAB] [0-9a-fA-F]{2} \"\\\\u\" [dD] [c-fC-F] [0-9a-fA-F]{2})))");
        }
        return name;
    }

    std::string space() {
        if (!options_.white_space) return {};
        const std::string name = prefix_ + "space";
        if (rules_.find(name) == rules_.end()) set_rule(name, "(\" \" | \"\\n\" [ \\t]{0,20})?");
        return " " + name;
    }

    std::string new_rule() { return prefix_ + "r" + std::to_string(++n_rules_); }

    std::string set_rule(const std::string& name, std::string body) {
        rules_[name] = std::move(body);
        return name;
    }

    json_schema_options options_;
    std::string prefix_;
    schema_merger merge_;
    std::map<std::string, std::string> rules_, rule_of_reference_;
    std::size_t n_rules_ = 0;
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
