// SPDX-License-Identifier: Apache-2.0
// A date and time as an argument: what a chat template's strftime_now() sees. Never the clock.
#pragma once

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A moment of the proleptic Gregorian calendar. Months and days count from 1.
struct calendar_time {
    int year = 2025, month = 7, day = 8, hour = 0, minute = 0, second = 0;
};

NIBBLE_NAMESPACE_END
