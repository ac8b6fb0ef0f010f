// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/id_index.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "support/refusal.hpp"
#include "test.hpp"

using namespace nibble;

TEST_CASE("id_index: finds every id by its hash and what is asked about it") {
    std::mt19937_64 random(1);
    for (const std::uint32_t n : {1u, 2u, 3u, 4u, 1000u, 50'000u}) {
        std::vector<std::uint64_t> hashes(n);
        for (auto& hash : hashes) hash = random();
        for (std::uint32_t i = 1; i < n; i += 7) hashes[i] = hashes[i - 1];  // the same hash, other ids
        id_index index(n);
        for (std::uint32_t i = 0; i < n; ++i) index.add(hashes[i], i, "test");
        std::size_t wrong = 0, looks = 0;
        for (std::uint32_t i = 0; i < n; ++i) {
            const auto is = [&](std::uint32_t id) { return ++looks, id == i; };
            wrong += index.find(hashes[i], is) != i;
            wrong += index.find(random(), is) != id_index::none;
        }
        CHECK(wrong == 0);
        CHECK(looks <= n + n / 7 + n / 100 + 1);  // hardly any but those with the same hash
    }
    CHECK(id_index(0).find(5, [](std::uint32_t) { return true; }) == id_index::none);
}

TEST_CASE("id_index: too many ids with one hash are refused") {
    id_index index(2000);
    for (std::uint32_t i = 0; i < id_index::max_probe; ++i) index.add(42, i, "test");
    CHECK(test::refusal_of([&] { index.add(42, 1000, "test"); }) == test::refusal{errc::limit_exceeded, "test"});
    CHECK(index.find(42, [](std::uint32_t id) { return id == 511; }) == 511);
}
