// SPDX-License-Identifier: Apache-2.0
// A date and time as an argument: what a chat template's strftime_now() sees. Never the clock.
#pragma once

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A moment of the proleptic Gregorian calendar. Months and days count from 1. Without a year it is no date at all: to
/// a template strftime_now is then not defined, and one that calls it without asking gets an empty text.
struct calendar_time {
    int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0;
    [[nodiscard]] constexpr bool is_given() const noexcept { return year != 0; }
};

NIBBLE_NAMESPACE_END
