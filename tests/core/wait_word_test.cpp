// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/wait_word.hpp>

#include <cstdint>
#include <thread>
#include <vector>

#include "test.hpp"

using nibble::wait_word;

TEST_CASE("a wait for a value that is not there ends at once") {
    wait_word word;
    word.wait(1);
    word.value = 7;
    word.wait(0);
    CHECK(word.value == 7);
}

TEST_CASE("no change is slept through") {
    constexpr std::uint32_t n_rounds = 5'000;
    wait_word there, back;
    std::thread other{[&] {
        for (std::uint32_t round = 0; round < n_rounds; ++round) {
            there.wait(round);
            back.value = round + 1;
            back.notify_all();
        }
    }};
    for (std::uint32_t round = 0; round < n_rounds; ++round) {
        there.value = round + 1;
        there.notify_all();
        back.wait(round);
    }
    other.join();
    CHECK(back.value == n_rounds);
}

TEST_CASE("all sleepers wake up") {
    wait_word word;
    std::vector<std::thread> sleepers;
    for (int i = 0; i < 8; ++i) sleepers.emplace_back([&word] { word.wait(0); });
    word.value = 1;
    word.notify_all();
    for (auto& sleeper : sleepers) sleeper.join();  // or the test does not end
    CHECK(word.value == 1);
}
