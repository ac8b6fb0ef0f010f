// SPDX-License-Identifier: Apache-2.0
// The rules of a grammar of JSON that ask no schema: literals, keys, any value, the space between.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nibble/grammar/char_automaton.hpp>
#include <nibble/grammar/code_points.hpp>
#include <nibble/grammar/gbnf_decimals.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/schema_options.hpp>
#include <nibble/json/json.hpp>
#include <nibble/json/writer.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Collects rules, each under a name of its own that begins with `prefix`.
class schema_rules {
public:
    [[nodiscard]] std::string rules() const {
        std::string out;
        for (const auto& [name, body] : rules_) out += name + " ::= " + body + "\n";
        if (out.find(never()) != std::string::npos) out += never() + " ::= \"x\" " + never() + "\n";
        return out;
    }

    using strings = std::vector<std::string>;

    explicit schema_rules(const json_schema_options& options, std::string prefix)
        : options_(options), prefix_(std::move(prefix)) {}

    /// The rule that no text matches.
    [[nodiscard]] std::string never() const { return prefix_ + "never"; }

    std::string literal_value(const json& literal) {
        if (literal.is_array()) {
            strings items;
            for (const auto& item : literal.as_array()) items.push_back(literal_value(item));
            return enclosed("[", items, "]");
        }
        if (literal.is_object()) {
            strings members;
            for (const auto& [key, member] : literal.as_object())
                members.push_back(key_text(key) + literal_value(member));
            return enclosed("{", members, "}");
        }
        return gbnf_literal(literal.dump());
    }

    std::string enclosed(const char* open, const strings& parts, const char* close) {
        std::string out = gbnf_literal(open) + space();
        for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? " " : " \",\"" + space() + " ") + parts[i];
        return out + (parts.empty() ? " " : space() + " ") + gbnf_literal(close);
    }

    /// An array of `parts` and, behind them, any number of `item`: at least `shortest` and at most `longest` in all.
    std::string array_of(const strings& parts, const std::string& item, std::size_t shortest,
                         std::optional<std::size_t> longest) {
        const std::size_t fixed = parts.size();
        if (longest == fixed) return enclosed("[", parts, "]");
        const std::string comma = "\",\"" + space() + " ";
        const auto more = [&](std::size_t least, std::size_t written) {
            return "(" + comma + item + ")" + times(least, longest ? std::optional{*longest - written} : longest);
        };
        std::string out = "\"[\"" + space() + " ";
        for (std::size_t i = 0; i < fixed; ++i) out += (i == 0 ? "" : comma) + parts[i] + " ";
        if (fixed != 0) {
            out += more(std::max(shortest, fixed) - fixed, fixed);
        } else {
            const std::string several = item + " " + more(std::max<std::size_t>(shortest, 1) - 1, 1);
            out += shortest == 0 ? "(" + several + ")?" : several;
        }
        return out + space() + " \"]\"";
    }

    struct object_member {
        std::string name;
        std::string text;  ///< key and value
        bool required;
    };

    /// An object of the properties in order, and of any number of `other` members behind them unless it is empty.
    std::string members(const std::vector<object_member>& properties, const std::string& other) {
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
        std::string name = prefix_ + "value";
        if (!rules_.try_emplace(name).second) return name;
        const std::string any_string = "\"\\\"\" " + character() + "* \"\\\"\"",
                          member = any_string + " \":\"" + space() + " " + name;
        const auto list = [&](const char* open, const std::string& item, const char* close) {
            return gbnf_literal(open) + space() + " (" + item + " (\",\"" + space() + " " + item + ")*" + space() +
                   ")? " + gbnf_literal(close);
        };
        return set_rule(name, list("{", member, "}") + " | " + list("[", name, "]") + " | " + any_string + " | " +
                                  any_number_text + " | \"true\" | \"false\" | \"null\"");
    }

    /// One character of a string. Escapes of surrogates only in pairs.
    std::string character() {
        std::string name = prefix_ + "char";
        if (rules_.find(name) == rules_.end()) {
            set_rule(name,
                     "[^\"\\\\\\x00-\\x1f\\x7f] | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" ([0-9a-cA-CefEF] [0-9a-fA-F]{3} | "
                     "[dD] ([0-7] [0-9a-fA-F]{2} | [89abAB] [0-9a-fA-F]{2} \"\\\\u\" [dD] [c-fC-F] [0-9a-fA-F]{2})))");
        }
        return name;
    }

    /// One character of `set`, which is not empty, as it appears in a string: what must be escaped in its shortest
    /// form.
    std::string character_of(const code_point_set& set) {
        if (set.front().first == 0 && complement(set).empty()) return character();
        std::vector<code_point_range> plain;
        std::string out;
        for (const auto& [first, last] : set) {
            for (char32_t c = first; c <= std::min<char32_t>(last, 0x7f); ++c) {
                if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
                    plain.push_back({c, c});
                } else {
                    std::string text;
                    append_json_string(text, std::string(1, static_cast<char>(c)), true);
                    append_alternative(out, gbnf_literal(text.substr(1, text.size() - 2)));
                }
            }
            if (last >= 0x80) plain.push_back({std::max<char32_t>(first, 0x80), last});
        }
        plain = normalised(std::move(plain));
        if (!plain.empty()) append_alternative(out, gbnf_class(plain));
        auto& name = rule_of_set_[out];
        if (name.empty()) name = set_rule(new_rule(), out);
        return name;
    }

    /// How often something may be repeated, as GBNF.
    static std::string times(std::size_t least, std::optional<std::size_t> most) {
        if (!most) return least == 0 ? "*" : "{" + std::to_string(least) + ",}";
        return "{" + std::to_string(least) + "," + std::to_string(*most) + "}";
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

    [[nodiscard]] const json_schema_options& options() const noexcept { return options_; }

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

    json_schema_options options_;
    std::string prefix_;
    std::map<std::string, std::string> rules_;
    std::map<std::string, std::string> rule_of_set_;  // by what it says
    std::size_t n_rules_ = 0;
};

/// The rules of an automaton's places: a place gets its rule when it is first asked for, and then waits to be written.
template <class Place>
class place_rules {
public:
    explicit place_rules(schema_rules& rules) : rules_(rules) {}

    const std::string& rule_of(const Place& at) {
        auto& name = names_[at];
        if (name.empty()) {
            name = rules_.new_rule();
            asked_for_.push_back(at);
        }
        return name;
    }

    /// In the order of the questions; grows with them.
    [[nodiscard]] const std::vector<Place>& asked_for() const noexcept { return asked_for_; }

private:
    schema_rules& rules_;
    std::map<Place, std::string> names_;
    std::vector<Place> asked_for_;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
