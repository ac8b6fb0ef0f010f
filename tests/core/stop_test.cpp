// SPDX-License-Identifier: Apache-2.0
// What ends work: a flag, a deadline, and that it stays seen.
#include <nibble/core/stop.hpp>

#include <atomic>
#include <chrono>

#include "test.hpp"

using nibble::stop_cause;
using nibble::stop_signal;

TEST_CASE("nothing to watch never stops") {
    stop_signal signal;
    CHECK_FALSE(signal.look());
    signal.watch({});
    CHECK_FALSE(signal.look());
    CHECK(signal.seen() == stop_cause::none);
}

TEST_CASE("a flag is seen when someone looks, and stays seen") {
    std::atomic<bool> cancel = false;
    stop_signal signal;
    signal.watch({.cancel = &cancel});
    CHECK_FALSE(signal.look());
    cancel = true;
    CHECK(signal.seen() == stop_cause::none);
    CHECK(signal.look());
    cancel = false;
    CHECK(signal.look());
    CHECK(signal.seen() == stop_cause::cancelled);
    signal.watch({.cancel = &cancel});
    CHECK_FALSE(signal.look());
}

TEST_CASE("a deadline in the past stops, one far away does not") {
    const auto now = std::chrono::steady_clock::now();
    std::atomic<bool> cancel = false;
    stop_signal signal;
    signal.watch({.cancel = &cancel, .deadline = now + std::chrono::hours{24}});
    CHECK_FALSE(signal.look());
    signal.watch({.cancel = &cancel, .deadline = now});
    CHECK(signal.look());
    CHECK(signal.seen() == stop_cause::deadline);
    signal.watch({.cancel = nullptr, .deadline = std::chrono::steady_clock::time_point::min()});
    CHECK(signal.look());
    cancel = true;  // who asked is told before the clock
    signal.watch({.cancel = &cancel, .deadline = now});
    CHECK(signal.look());
    CHECK(signal.seen() == stop_cause::cancelled);
}
