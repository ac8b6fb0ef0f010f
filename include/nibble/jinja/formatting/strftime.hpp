// SPDX-License-Identifier: Apache-2.0
// datetime.strftime() in the C locale, for a date that is given.
#pragma once

#include <cstddef>
#include <cstdint>
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

/// Writes `t` as `pattern` says: the directives of the C standard and glibc's %-d, %_d, %0d, %^a, %e, %k, %l, %P, %s
/// excepted; an unknown one stays as it is.
[[nodiscard]] inline std::string strftime(runtime& rt, std::string_view pattern, const calendar_time& t) {
    static constexpr std::string_view months[] = {"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
    static constexpr std::string_view days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
    if (!is_valid(t)) rt.type_error("the date given for this rendering is not in the calendar");
    const runtime::level nested(rt);
    const int weekday = day_of_week(t), yearday = day_of_year(t), hour12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
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
        const auto number = [&](int n, std::size_t width, char usual) {
            const char filler = pad == '-' ? '\0' : pad == '_' ? ' ' : pad == '0' ? '0' : usual;
            std::string digits = std::to_string(n);
            if (filler != '\0' && digits.size() < width) digits.insert(0, width - digits.size(), filler);
            return digits;
        };
        const auto again = [&](std::string_view inner) { return strftime(rt, inner, t); };
        std::string piece;
        const char directive = at < pattern.size() ? pattern[at++] : '\0';
        switch (directive) {
            case 'a': piece = days[weekday].substr(0, 3); break;
            case 'A': piece = days[weekday]; break;
            case 'b':
            case 'h': piece = months[t.month - 1].substr(0, 3); break;
            case 'B': piece = months[t.month - 1]; break;
            case 'c': piece = again("%a %b %e %H:%M:%S %Y"); break;
            case 'C': piece = number(t.year / 100, 2, '0'); break;
            case 'd': piece = number(t.day, 2, '0'); break;
            case 'D':
            case 'x': piece = again("%m/%d/%y"); break;
            case 'e': piece = number(t.day, 2, ' '); break;
            case 'f': piece = "000000"; break;
            case 'F': piece = again("%Y-%m-%d"); break;
            case 'g': piece = number(iso_week_of(t).year % 100, 2, '0'); break;
            case 'G': piece = number(iso_week_of(t).year, 4, '0'); break;
            case 'H': piece = number(t.hour, 2, '0'); break;
            case 'I': piece = number(hour12, 2, '0'); break;
            case 'j': piece = number(yearday + 1, 3, '0'); break;
            case 'k': piece = number(t.hour, 2, ' '); break;
            case 'l': piece = number(hour12, 2, ' '); break;
            case 'm': piece = number(t.month, 2, '0'); break;
            case 'M': piece = number(t.minute, 2, '0'); break;
            case 'n': piece = "\n"; break;
            case 'p': piece = t.hour < 12 ? "AM" : "PM"; break;
            case 'P': piece = t.hour < 12 ? "am" : "pm"; break;
            case 'r': piece = again("%I:%M:%S %p"); break;
            case 'R': piece = again("%H:%M"); break;
            case 'S': piece = number(t.second, 2, '0'); break;
            case 't': piece = "\t"; break;
            case 'T':
            case 'X': piece = again("%H:%M:%S"); break;
            case 'u': piece = number(weekday == 0 ? 7 : weekday, 1, '0'); break;
            case 'U': piece = number((yearday + 7 - weekday) / 7, 2, '0'); break;
            case 'V': piece = number(iso_week_of(t).week, 2, '0'); break;
            case 'w': piece = number(weekday, 1, '0'); break;
            case 'W': piece = number((yearday + 7 - (weekday + 6) % 7) / 7, 2, '0'); break;
            case 'y': piece = number(t.year % 100, 2, '0'); break;
            case 'Y': piece = number(t.year, 1, '0'); break;
            case 'z':
            case 'Z': break;  // a time without a zone
            case '%': piece = "%"; break;
            default: piece = pattern.substr(percent, at - percent); break;
        }
        rt.append(out, upper ? uppered(piece) : piece);
    }
    return out;
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
