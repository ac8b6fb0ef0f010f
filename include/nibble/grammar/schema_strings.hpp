// SPDX-License-Identifier: Apache-2.0
// Strings of a JSON schema as rules of a grammar: patterns, formats and lengths that hold together.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/grammar/char_automaton.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/regex.hpp>
#include <nibble/grammar/schema_formats.hpp>
#include <nibble/grammar/schema_keywords.hpp>
#include <nibble/grammar/schema_rules.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// The automata of all that `pattern` and `format` say.
[[nodiscard]] inline std::vector<char_automaton> automata_of(const json_object& keywords, const schema_path& path) {
    std::vector<char_automaton> out;
    for (const std::string key : {"pattern", "format"})
        if (const auto* list = keywords.find(key))
            for (const auto& entry : list->as_array()) {
                const std::string& text = entry.as_string();
                out.push_back(parse_regex(key == "format" ? *format_pattern(text) : text, (path / key).text()));
            }
    return out;
}

/// The longest texts that all of `format` allow.
[[nodiscard]] inline std::optional<std::size_t> longest_of_formats(const json_object& keywords) {
    std::optional<std::size_t> out;
    if (const auto* formats = keywords.find("format"))
        for (const auto& format : formats->as_array())
            if (const auto longest = longest_of_format(format.as_string()))
                out = std::min(out.value_or(*longest), *longest);
    return out;
}

/// What string_writer found.
struct string_rule_result {
    enum class outcome { found, no_text, too_many_states } is;
    std::string rule = {};
};

/// Rules for the texts of limited length that all of some automata accept: one for each state, and as many of each as
/// lengths have to be told apart. Where these would be too many the longest texts are left out.
class string_writer {
public:
    string_writer(schema_rules& rules, std::size_t shortest, std::optional<std::size_t> longest)
        : rules_(rules), shortest_(shortest), longest_(longest) {}

    [[nodiscard]] string_rule_result write(const std::vector<char_automaton>& automata) {
        using outcome = string_rule_result::outcome;
        std::optional<char_automaton> all = automata.at(0);
        for (std::size_t i = 1; i < automata.size() && all; ++i) all = joined(*all, automata[i], most_states);
        automaton_ = all ? trimmed(*all) : char_automaton{};
        if (!all || !limit_lengths()) return {outcome::too_many_states};
        place_rules<place> places{rules_};
        const std::string start = places.rule_of({0, 0});
        bool any_accepts = false;
        for (std::size_t i = 0; i < places.asked_for().size(); ++i) {  // grows while it runs
            if (i >= most_states) return {outcome::too_many_states};
            const auto [state, length] = places.asked_for()[i];
            const bool accepts = automaton_.states[state].accepts && length >= shortest_;
            any_accepts = any_accepts || accepts;
            std::string body = accepts ? "\"\"" : "";
            const std::size_t then = longest_ ? length + 1 : std::min(length + 1, shortest_);
            if (!longest_ || length < *longest_)
                for (const auto next : automaton_.states[state].next)
                    append_alternative(body, rules_.character_of(automaton_.states[next].read) + " " +
                                                 places.rule_of({next, then}));
            rules_.set_rule(places.rule_of({state, length}), body.empty() ? rules_.never() : body);
        }
        return any_accepts ? string_rule_result{outcome::found, start} : string_rule_result{outcome::no_text};
    }

private:
    static constexpr std::size_t most_states = 10'000;
    static constexpr std::size_t enough_length = 100;     // of texts, where longer ones have to be left out
    using place = std::pair<std::uint32_t, std::size_t>;  // state, length; without a longest at most the shortest

    /// Chooses limits with which few enough places are told apart; false if there are none.
    bool limit_lengths() {
        const auto longest = longest_text(automaton_);
        if (longest && longest_ && *longest <= *longest_) longest_.reset();
        const std::size_t room = most_states / automaton_.states.size();
        if (longest || !longest_ || *longest_ <= room) return true;
        longest_ = room;
        return room >= std::max(shortest_, enough_length);
    }

    schema_rules& rules_;
    std::size_t shortest_;
    std::optional<std::size_t> longest_;
    char_automaton automaton_;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
