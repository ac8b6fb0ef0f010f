// SPDX-License-Identifier: Apache-2.0
// The rules of a grammar of JSON that ask no schema: literals, keys, any value, the space between.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nibble/grammar/code_points.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/schema_keywords.hpp>
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

/// Collects rules, each under a name of its own that begins with `prefix`.
class schema_rules {
public:
    [[nodiscard]] std::string rules() const {
        std::string out;
        for (const auto& [name, body] : rules_) out += name + " ::= " + body + "\n";
        return out;
    }

protected:
    using strings = std::vector<std::string>;

    explicit schema_rules(const json_schema_options& options, std::string prefix)
        : options_(options), prefix_(std::move(prefix)) {}
    ~schema_rules() = default;

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

    /// A rule for a quoted key that is none of `names`: a trie of them, left at some character or ended too early.
    /// Escapes are only written where no name can be meant any more.
    std::string key_other_than(const strings& names) {
        auto trie = trie_of(names);
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

    /// `"key": ` as GBNF.
    std::string key_text(const std::string& key) { return gbnf_literal(json{key}.dump() + ":") + space() + " "; }

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

private:
    struct trie_node {
        std::map<char32_t, std::size_t> next;
        bool is_name = false;
        std::string rule;
    };
    static std::vector<trie_node> trie_of(const strings& names) {
        std::vector<trie_node> trie(1);
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
        return trie;
    }

    std::string prefix_;
    std::map<std::string, std::string> rules_;
    std::size_t n_rules_ = 0;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
