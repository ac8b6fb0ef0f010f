// SPDX-License-Identifier: Apache-2.0
// The scalar values of a JSON schema as GBNF: formats of strings, limits of numbers, counts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/schema_keywords.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// The inside of a string of one of the known formats.
[[nodiscard]] inline std::string format_text(const json& format, const schema_path& path) {
    // RFC 3339; the 29th of February in leap years only.
    static constexpr const char* date =
        "([0-9]{4} \"-\" ((\"0\" [13578] | \"1\" [02]) \"-\" (\"0\" [1-9] | [12] [0-9] | \"3\" [01]) | "
        "(\"0\" [469] | \"11\") \"-\" (\"0\" [1-9] | [12] [0-9] | \"30\") | \"02-\" (\"0\" [1-9] | \"1\" [0-9] | \"2\" "
        "[0-8])) | "
        "([0-9] [0-9] (\"0\" [48] | [2468] [048] | [13579] [26]) | ([02468] [048] | [13579] [26]) \"00\") \"-02-29\")";
    static constexpr const char* time =
        "([01] [0-9] | \"2\" [0-3]) \":\" [0-5] [0-9] \":\" [0-5] [0-9] (\".\" [0-9]{1,9})? "
        "(\"Z\" | [+-] ([01] [0-9] | \"2\" [0-3]) \":\" [0-5] [0-9])";
    const std::string name = format.is_string() ? format.as_string() : "";
    if (name == "date") return date;
    if (name == "time") return time;
    if (name == "date-time") return std::string{date} + " \"T\" " + time;
    if (name == "uuid") return "[0-9a-f]{8} (\"-\" [0-9a-f]{4}){3} \"-\" [0-9a-f]{12}";
    if (name == "ipv4") return naturals_between(0, 255) + " (\".\" " + naturals_between(0, 255) + "){3}";
    return path.fail("date, time, date-time, uuid or ipv4", shown(format));
}

/// What minimum, maximum and their exclusive forms say together.
struct number_range {
    std::optional<double> low, high;
    bool without_low = false, without_high = false;
    std::optional<std::int64_t> exact_low, exact_high;  // where the limit is written as an integer
};

[[nodiscard]] inline number_range number_limits(const json_object& keywords, const schema_path& path) {
    number_range out;
    const auto read = [&](const char* key, bool is_low, bool exclusive) {
        const auto* limit = keywords.find(key);
        if (!limit) return;
        if (!limit->is_number() || !std::isfinite(limit->as_double())) (path / key).fail("a number", shown(*limit));
        const double x = limit->as_double();
        auto& bound = is_low ? out.low : out.high;
        if (bound && (is_low ? x < *bound || (x == *bound && !exclusive) : x > *bound || (x == *bound && !exclusive)))
            return;
        bound = x;
        (is_low ? out.without_low : out.without_high) = exclusive;
        (is_low ? out.exact_low : out.exact_high) =
            limit->is_integer() ? std::optional{limit->as_integer()} : std::nullopt;
    };
    read("minimum", true, false);
    read("exclusiveMinimum", true, true);
    read("maximum", false, false);
    read("exclusiveMaximum", false, true);
    return out;
}

/// The integers that the schema allows.
[[nodiscard]] inline std::string integer_text(const json_object& keywords, const schema_path& path) {
    const auto limits = number_limits(keywords, path);
    if (!limits.low && !limits.high) return "\"-\"? (\"0\" | [1-9] [0-9]{0,17})";
    constexpr std::int64_t widest = 999'999'999'999'999'999;
    constexpr double beyond = 9.2e18;  // in int64_t
    const double low = std::ceil(limits.low.value_or(-1e19)), high = std::floor(limits.high.value_or(1e19));
    if (low > beyond || high < -beyond || low > high) path.fail("an integer between the limits", "none");
    std::int64_t first = low < -beyond ? -widest : static_cast<std::int64_t>(low),
                 last = high > beyond ? widest : static_cast<std::int64_t>(high);
    if (limits.exact_low) first = *limits.exact_low;
    if (limits.exact_high) last = *limits.exact_high;
    if (limits.without_low && static_cast<double>(first) == *limits.low) ++first;  // |first| < 2^63: no overflow
    if (limits.without_high && static_cast<double>(last) == *limits.high) --last;
    if (!limits.low) first = std::min(first, last);
    if (!limits.high) last = std::max(first, last);
    const auto out = integers_between(first, last);
    return out.empty() ? path.fail("an integer between the limits", "none") : out;
}

/// The decimal numbers that the schema allows.
[[nodiscard]] inline std::string number_text(const json_object& keywords, const schema_path& path) {
    const auto limits = number_limits(keywords, path);
    if (!limits.low && !limits.high)
        return "\"-\"? (\"0\" | [1-9] [0-9]{0,17}) (\".\" [0-9]{1,15})? ([eE] [+-]? [0-9]{1,2})?";
    constexpr double widest = 999'999'999'999'999;  // exact in a double
    const double low = limits.low ? *limits.low : std::min(-widest, *limits.high),
                 high = limits.high ? *limits.high : std::max(widest, *limits.low);
    if (low != std::trunc(low) || high != std::trunc(high) || std::fabs(low) > 9e15 || std::fabs(high) > 9e15)
        path.fail("limits of a number that are integers below 9e15", "others");
    const auto natural_of = [](double x) { return static_cast<std::uint64_t>(std::fabs(x)); };
    std::string out;
    if (high >= 0)
        append_alternative(out, decimals_between(low < 0 ? 0 : natural_of(low), limits.without_low && low >= 0,
                                                 natural_of(high), limits.without_high));
    if (low < 0) {
        const auto negative = decimals_between(high < 0 ? natural_of(high) : 0, high >= 0 || limits.without_high,
                                               natural_of(low), limits.without_low);
        if (!negative.empty()) append_alternative(out, "\"-\" " + negative);
    }
    return out.empty() ? path.fail("a number between the limits", "none") : "(" + out + ")";
}

inline constexpr std::int64_t most_repeats = 100'000;  // the default of grammar_limits::max_repeat

/// How often something may be repeated, as GBNF.
[[nodiscard]] inline std::string times(std::size_t least, std::optional<std::size_t> most, const schema_path& path) {
    if (!most) return least == 0 ? "*" : "{" + std::to_string(least) + ",}";
    if (least > *most)
        path.fail("a minimum below the maximum", std::to_string(least) + " and " + std::to_string(*most));
    return "{" + std::to_string(least) + "," + std::to_string(*most) + "}";
}

/// The count under `key`, if there is one.
[[nodiscard]] inline std::optional<std::size_t> natural(const json_object& keywords, const char* key,
                                                        const schema_path& path) {
    const auto* number = keywords.find(key);
    if (!number) return std::nullopt;
    if (!number->is_integer() || number->as_integer() < 0) (path / key).fail("a natural number", shown(*number));
    if (number->as_integer() > most_repeats)
        throw error(errc::grammar_limit, (path / key).text(), "a count of at most 100000", shown(*number));
    return static_cast<std::size_t>(number->as_integer());
}

}  // namespace detail

NIBBLE_NAMESPACE_END
