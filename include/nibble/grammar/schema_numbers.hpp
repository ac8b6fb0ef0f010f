// SPDX-License-Identifier: Apache-2.0
// Numbers of a JSON schema as rules of a grammar: limits, and multiples of an integer.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/grammar/gbnf_decimals.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/regex.hpp>
#include <nibble/grammar/schema_rules.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Numbers as schema_reader gives them: integers, or doubles below 2^53 that are none.
[[nodiscard]] inline bool is_less(const json& a, const json& b) {
    return a.is_integer() && b.is_integer() ? a.as_integer() < b.as_integer() : a.as_double() < b.as_double();
}

/// What minimum, maximum and their exclusive forms say together.
struct number_range {
    struct limit {
        json at;
        bool exclusive;
    };
    std::optional<limit> low, high;

    explicit number_range(const json_object& keywords) {
        const auto read = [&](std::optional<limit>& bound, const char* key, const char* exclusive_key, bool is_low) {
            const auto *least = keywords.find(key), *beyond = keywords.find(exclusive_key);
            if (!least && !beyond) return;
            const bool exclusive = beyond && !(least && (is_low ? is_less(*beyond, *least) : is_less(*least, *beyond)));
            bound = limit{exclusive ? *beyond : *least, exclusive};
        };
        read(low, "minimum", "exclusiveMinimum", true);
        read(high, "maximum", "exclusiveMaximum", false);
    }

    /// No number is in both.
    [[nodiscard]] bool is_apart(const number_range& other) const {
        const auto crossed = [](const std::optional<limit>& a, const std::optional<limit>& b) {
            return a && b && (is_less(b->at, a->at) || (!is_less(a->at, b->at) && (a->exclusive || b->exclusive)));
        };
        return crossed(low, other.high) || crossed(other.low, high);
    }
};

/// The integers first to last; none if first > last. Where there is no limit, as far as 18 digits go.
struct integer_range {
    std::int64_t first, last;

    explicit integer_range(const number_range& limits) {
        constexpr std::int64_t widest = 999'999'999'999'999'999;
        first = limits.low ? inner(*limits.low, 1) : -widest;
        last = limits.high ? inner(*limits.high, -1) : widest;
        if (!limits.low) first = std::min(first, last);
        if (!limits.high) last = std::max(first, last);
        const auto is_after = [](const std::optional<number_range::limit>& limit, std::int64_t extreme) {
            return limit && limit->exclusive && limit->at == json{extreme};
        };
        if (is_after(limits.low, INT64_MAX) || is_after(limits.high, INT64_MIN)) first = 0, last = -1;
    }

private:
    /// The first integer that the limit allows, going in direction `step`.
    [[nodiscard]] static std::int64_t inner(const number_range::limit& limit, std::int64_t step) {
        if (!limit.at.is_integer())
            return static_cast<std::int64_t>(step > 0 ? std::ceil(limit.at.as_double())
                                                      : std::floor(limit.at.as_double()));
        const std::int64_t at = limit.at.as_integer(), extreme = step > 0 ? INT64_MAX : INT64_MIN;
        return limit.exclusive && at != extreme ? at + step : at;
    }
};

/// Empty if there are none, as all of these.
[[nodiscard]] inline std::string integer_text(const number_range& limits) {
    if (!limits.low && !limits.high) return any_integer_text;
    const integer_range range{limits};
    return integers_between(range.first, range.last);
}

[[nodiscard]] inline std::string number_text(const number_range& limits) {
    if (!limits.low && !limits.high) return any_number_text;
    constexpr double widest = 999'999'999'999'999;  // 15 digits
    const double low = limits.low ? limits.low->at.as_double() : -widest,
                 high = limits.high ? limits.high->at.as_double() : widest;
    if (low > widest || high < -widest) return integer_text(limits);
    const auto limit = [&](const std::optional<number_range::limit>& at, double cap) {
        return at && std::fabs(at->at.as_double()) <= widest ? decimal_of(at->at.as_double(), at->exclusive)
                                                             : decimal_of(cap, false);
    };
    const decimal_limit above = limit(limits.low, -widest), below = limit(limits.high, widest), zero{};
    std::string out;
    if (high >= 0) append_alternative(out, decimals_between(low < 0 ? zero : above, below));
    if (low < 0) {
        const auto negative = decimals_between(high < 0 ? below : decimal_limit{0, "", true}, above);
        if (!negative.empty()) append_alternative(out, "\"-\" " + negative);
    }
    return out.empty() ? out : "(" + out + ")";
}

/// Rules for the naturals of a range that a number divides: the states of an automaton of the range, each with the
/// remainders of what was read so far.
class multiples_writer {
public:
    multiples_writer(schema_rules& rules, std::uint64_t divisor) : rules_(rules), divisor_(divisor) {}

    /// Empty if there are none; nothing if there would be too many rules.
    [[nodiscard]] std::optional<std::string> between(std::uint64_t low, std::uint64_t high) {
        std::string zeros;
        std::uint64_t divisor = divisor_;
        bool with_zero = low == 0;
        for (; divisor % 10 == 0; divisor /= 10, zeros += '0') {
            low = low / 10 + (low % 10 != 0);
            high /= 10;
        }
        if (zeros.empty()) {
            with_zero = false;  // 0 is like all others
        } else {
            low = std::max<std::uint64_t>(low, 1);
        }
        std::string out = with_zero ? "\"0\"" : "";
        if (low > high) return out;
        std::string expression = naturals_between(low, high);
        expression.erase(std::remove(expression.begin(), expression.end(), ' '), expression.end());
        const auto digits = parse_regex("^" + expression + "$", "multipleOf");
        if (digits.states.size() * divisor > most_rules) return std::nullopt;
        bool any = false;
        place_rules<place> places{rules_};
        const std::string start = places.rule_of({0, 0});
        for (std::size_t i = 0; i < places.asked_for().size(); ++i) {  // grows while it runs
            const auto [state, remainder] = places.asked_for()[i];
            std::string body = state != 0 && digits.states[state].accepts && remainder == 0 ? "\"\"" : "";
            any = any || !body.empty();
            for (const auto next : digits.states[state].next)
                for (const auto& [first, last] : digits.states[next].read)
                    for (char32_t digit = first; digit <= last; ++digit)
                        append_alternative(body,
                                           gbnf_class({{digit, digit}}) + " " +
                                               places.rule_of({next, (remainder * 10 + (digit - '0')) % divisor}));
            rules_.set_rule(places.rule_of(places.asked_for()[i]), body.empty() ? rules_.never() : body);
        }
        if (any) append_alternative(out, start + (zeros.empty() ? "" : " " + gbnf_literal(zeros)));
        return out;
    }

private:
    static constexpr std::size_t most_rules = 10'000;
    using place = std::pair<std::uint32_t, std::uint64_t>;  // state, remainder

    schema_rules& rules_;
    std::uint64_t divisor_;
};

/// The multiples of `divisor` within the limits; nothing if that takes too many rules.
[[nodiscard]] inline std::optional<std::string> multiples_text(schema_rules& rules, std::int64_t divisor,
                                                               const number_range& limits) {
    const integer_range range{limits};
    std::string out;
    const auto add = [&](const char* sign, std::uint64_t low, std::uint64_t high) {
        const auto text = multiples_writer{rules, static_cast<std::uint64_t>(divisor)}.between(low, high);
        if (text && !text->empty()) append_alternative(out, sign + ("(" + *text + ")"));
        return text.has_value();
    };
    if (range.last >= 0 && range.first <= range.last &&
        !add("", range.first < 0 ? 0 : magnitude(range.first), magnitude(range.last)))
        return std::nullopt;
    if (range.first < 0 && range.first <= range.last &&
        !add("\"-\" ", range.last < 0 ? magnitude(range.last) : 1, magnitude(range.first)))
        return std::nullopt;
    return out.empty() ? out : "(" + out + ")";
}

}  // namespace detail

NIBBLE_NAMESPACE_END
