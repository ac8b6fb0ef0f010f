// SPDX-License-Identifier: Apache-2.0
#include <nibble/core/aligned_buffer.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "support/memory.hpp"
#include "support/refusal.hpp"
#include "support/sanitizers.hpp"
#include "test.hpp"

using namespace nibble;
using namespace nibble::test;

static_assert(std::is_nothrow_move_constructible_v<aligned_buffer<float>>);
static_assert(!std::is_copy_constructible_v<aligned_buffer<float>>);

TEST_CASE("a buffer is aligned, zero and writable to its last value") {
    for (const std::size_t size : {1u, 2u, 15u, 16u, 17u, 1000u, 100'000u, 1'000'000u}) {
        aligned_buffer<float> buffer{size};
        REQUIRE(buffer.size() == size);
        CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0);
        CHECK(std::all_of(buffer.begin(), buffer.end(), [](float value) { return value == 0.0f; }));
        for (float& value : buffer) value = 1.0f;
        CHECK(buffer[size - 1] == 1.0f);
        CHECK(buffer.span().size_bytes() == size * 4);
    }
}

TEST_CASE("memory that was used before comes back as zeros") {
    for (int round = 0; round < 3; ++round) {
        aligned_buffer<unsigned char> buffer{5000};
        CHECK(std::all_of(buffer.begin(), buffer.end(), [](unsigned char byte) { return byte == 0; }));
        std::fill(buffer.begin(), buffer.end(), static_cast<unsigned char>(0xff));
    }
}

TEST_CASE("memory that is not touched is not resident") {
#if defined(NIBBLE_TEST_TSAN)
    WARN("SKIPPED: ThreadSanitizer touches all memory");
#else
    const std::size_t before = process_bytes("VmRSS:");
    if (before == 0) {
        WARN("SKIPPED: needs /proc/self/status");
        return;
    }
    aligned_buffer<float> buffer{std::size_t{1} << 28};  // 1 GiB
    buffer[buffer.size() / 2] = 1.0f;
    CHECK(process_bytes("VmRSS:") < before + (std::size_t{64} << 20));
#endif
}

TEST_CASE("an empty buffer has no memory") {
    const aligned_buffer<int> none{0}, by_default;
    CHECK(none.empty());
    CHECK(none.data() == nullptr);
    CHECK(by_default.empty());
    CHECK(none.begin() == none.end());
}

TEST_CASE("what cannot be had is an error with the size") {
    const auto refused = refusal_of([] { return aligned_buffer<double>{std::numeric_limits<std::size_t>::max() / 4}; });
    CHECK(refused == refusal{errc::out_of_memory, "aligned_buffer"});
    CHECK(refused.text.find("4611686018427387903 values of 8 bytes") != std::string::npos);
    CHECK(refusal_of([] { return aligned_buffer<char>{std::numeric_limits<std::size_t>::max()}; }).code ==
          errc::out_of_memory);
    CHECK(refusal_of([] { return aligned_buffer<double>{std::size_t{1} << 61}; }).code ==
          errc::out_of_memory);  // the product is 2^64
}

TEST_CASE("a buffer moves and leaves nothing behind") {
    aligned_buffer<int> first{100};
    first[99] = 7;
    const int* const data = first.data();
    aligned_buffer<int> second = std::move(first);
    CHECK(second.data() == data);
    CHECK(second[99] == 7);
    CHECK(first.empty());
    CHECK(first.data() == nullptr);
    aligned_buffer<int> third{5};
    third = std::move(second);
    CHECK(third.data() == data);
    CHECK(third.size() == 100);
    CHECK(second.empty());
}
