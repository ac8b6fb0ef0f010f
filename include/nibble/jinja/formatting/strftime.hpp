// SPDX-License-Identifier: Apache-2.0
// datetime.strftime() in the C locale, for a date that is given.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nibble/jinja/calendar_time.hpp>
#include <nibble/jinja/runtime.hpp>
#include <nibble/unicode/letter_case.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

[[nodiscard]] constexpr bool is_leap_year(int year) noexcept {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
[[nodiscard]] constexpr int days_in_month(int year, int month) noexcept {
    constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap_year(year));
}
/// A moment that the calendar has, in the years 1 to 9999.
[[nodiscard]] constexpr bool is_valid(const calendar_time& t) noexcept {
    return t.year >= 1 && t.year <= 9999 && t.month >= 1 && t.month <= 12 && t.day >= 1 &&
           t.day <= days_in_month(t.year, t.month) && t.hour >= 0 && t.hour < 24 && t.minute >= 0 && t.minute < 60 &&
           t.second >= 0 && t.second < 60;
}
/// 0 on 1 January.
[[nodiscard]] constexpr int day_of_year(const calendar_time& t) noexcept {
    int days = t.day - 1;
    for (int month = 1; month < t.month; ++month) days += days_in_month(t.year, month);
    return days;
}
/// 0 on Sunday.
[[nodiscard]] constexpr int day_of_week(const calendar_time& t) noexcept {
    const int y = t.year - 1;
    return (1 + y * 365 + y / 4 - y / 100 + y / 400 + day_of_year(t)) % 7;  // 1 January of the year 1 was a Monday
}

/// The ISO 8601 week: its number and the year that it belongs to.
struct iso_week {
    int year, week;
};
[[nodiscard]] constexpr iso_week iso_week_of(const calendar_time& t) noexcept {
    const auto weeks_in = [](int year) {
        const int first = day_of_week({year, 1, 1, 0, 0, 0});
        return first == 4 || (first == 3 && is_leap_year(year)) ? 53 : 52;
    };
    const int weekday = (day_of_week(t) + 6) % 7;  // 0 on Monday
    const int week = (day_of_year(t) - weekday + 10) / 7;
    if (week < 1) return {t.year - 1, weeks_in(t.year - 1)};
    if (week > weeks_in(t.year)) return {t.year + 1, 1};
    return {t.year, week};
}

/// A directive that stands for a pattern of others.
struct composite_directive {
    char name;
    std::string_view pattern;
};
inline constexpr composite_directive composite_directives[] = {
    {'c', "%a %b %e %H:%M:%S %Y"},
    {'D', "%m/%d/%y"},
    {'F', "%Y-%m-%d"},
    {'r', "%I:%M:%S %p"},
    {'R', "%H:%M"},
    {'T', "%H:%M:%S"},
    {'x', "%m/%d/%y"},
    {'X', "%H:%M:%S"},
};

/// A directive that stands for a number: at least `width` characters, with `fill` in front. `width` 0: no such
/// directive.
struct numeric_field {
    int number;
    std::size_t width;
    char fill = '0';
};
[[nodiscard]] inline numeric_field numeric_directive(char name, const calendar_time& t) {
    const int weekday = day_of_week(t), yearday = day_of_year(t), hour12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
    switch (name) {
        case 'C': return {t.year / 100, 2};
        case 'd': return {t.day, 2};
        case 'e': return {t.day, 2, ' '};
        case 'g': return {iso_week_of(t).year % 100, 2};
        case 'G': return {iso_week_of(t).year, 4};
        case 'H': return {t.hour, 2};
        case 'I': return {hour12, 2};
        case 'j': return {yearday + 1, 3};
        case 'k': return {t.hour, 2, ' '};
        case 'l': return {hour12, 2, ' '};
        case 'm': return {t.month, 2};
        case 'M': return {t.minute, 2};
        case 'S': return {t.second, 2};
        case 'u': return {weekday == 0 ? 7 : weekday, 1};
        case 'U': return {(yearday + 7 - weekday) / 7, 2};
        case 'V': return {iso_week_of(t).week, 2};
        case 'w': return {weekday, 1};
        case 'W': return {(yearday + 7 - (weekday + 6) % 7) / 7, 2};
        case 'y': return {t.year % 100, 2};
        case 'Y': return {t.year, 1};
        default: return {0, 0};
    }
}

/// A directive that stands for words; nullopt for none that is known.
[[nodiscard]] inline std::optional<std::string_view> text_directive(char name, const calendar_time& t) {
    static constexpr std::string_view months[] = {"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
    static constexpr std::string_view days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
    const std::string_view month = months[t.month - 1], day = days[day_of_week(t)];
    switch (name) {
        case 'a': return day.substr(0, 3);
        case 'A': return day;
        case 'b':
        case 'h': return month.substr(0, 3);
        case 'B': return month;
        case 'f': return "000000";
        case 'n': return "\n";
        case 'p': return t.hour < 12 ? "AM" : "PM";
        case 'P': return t.hour < 12 ? "am" : "pm";
        case 't': return "\t";
        case 'z':
        case 'Z': return "";  // a time without a zone
        case '%': return "%";
        default: return std::nullopt;
    }
}

[[nodiscard]] inline std::string strftime(runtime& rt, std::string_view pattern, const calendar_time& t);

/// One directive. `pad` is its flag, or NUL; `spelling` is shown for an unknown one.
[[nodiscard]] inline std::string strftime_directive(runtime& rt, char name, char pad, std::string_view spelling,
                                                    const calendar_time& t) {
    for (const auto& [composite, pattern] : composite_directives)
        if (composite == name) return strftime(rt, pattern, t);
    if (const numeric_field field = numeric_directive(name, t); field.width != 0) {
        const char fill = pad == '-' ? '\0' : pad == '_' ? ' ' : pad == '0' ? '0' : field.fill;
        std::string digits = std::to_string(field.number);
        if (fill != '\0' && digits.size() < field.width) digits.insert(0, field.width - digits.size(), fill);
        return digits;
    }
    return std::string(text_directive(name, t).value_or(spelling));
}

/// Writes `t` as `pattern` says: the directives of the C standard and glibc's %e, %k, %l and %P, with the flags - _ 0
/// for padding and ^ for capitals; an unknown one stays as it is.
inline std::string strftime(runtime& rt, std::string_view pattern, const calendar_time& t) {
    if (!is_valid(t)) rt.type_error("the date given for this rendering is not in the calendar");
    const runtime::level nested(rt);
    std::string out;
    for (std::size_t at = 0; at < pattern.size();) {
        const std::size_t percent = std::min(pattern.find('%', at), pattern.size());
        rt.append(out, pattern.substr(at, percent - at));
        at = percent + 1;
        if (percent == pattern.size()) break;
        char pad = '\0';
        bool upper = false;
        for (; at < pattern.size() && std::string_view("-_0^").find(pattern[at]) != std::string_view::npos; ++at)
            (pattern[at] == '^' ? upper = true : (pad = pattern[at], true));
        const char name = at < pattern.size() ? pattern[at++] : '\0';
        const std::string piece = strftime_directive(rt, name, pad, pattern.substr(percent, at - percent), t);
        rt.append(out, upper ? uppered(piece) : piece);
    }
    return out;
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
