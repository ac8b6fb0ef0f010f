#include <nibble/ops/largest_value.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "test.hpp"

using nibble::largest_value;

namespace {

/// The same values in pieces of `size`, dealt to `n_workers` in turn, as threads take them.
largest_value in_pieces(const std::vector<float>& values, std::size_t size, std::size_t n_workers) {
    std::vector<largest_value> workers(n_workers);
    const std::span<const float> all = values;
    for (std::size_t first = 0, i = 0; first < all.size(); first += size, ++i)
        workers[i % n_workers].look_at(all.subspan(first, std::min(size, all.size() - first)), first);
    largest_value best;
    for (const auto& of_worker : workers) best.merge(of_worker);
    return best;
}

}  // namespace

TEST_CASE("the largest finite value is found whoever looks at which piece, the lowest index of equal ones") {
    const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    std::mt19937 random{1};
    for (int round = 0; round < 200; ++round) {
        std::vector<float> values(1 + random() % 50);
        for (float& value : values) {
            const auto kind = random() % 10;
            value = kind == 0 ? nan : kind == 1 ? inf : kind == 2 ? -inf : static_cast<float>(random() % 8) - 4;
        }
        largest_value expected;
        for (std::size_t i = 0; i < values.size(); ++i)
            if (std::isfinite(values[i]) && (expected.index == largest_value::none || values[i] > expected.value))
                expected = {values[i], i};
        for (const std::size_t size : {1u, 3u, 7u, 50u})
            for (const std::size_t n_workers : {1u, 2u, 3u}) {
                const auto best = in_pieces(values, size, n_workers);
                CHECK(best.index == expected.index);
                CHECK(best.value == expected.value);
            }
    }
}

TEST_CASE("nothing finite is no largest value") {
    const std::vector<float> values{std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(),
                                    std::numeric_limits<float>::infinity()};
    largest_value best;
    best.look_at(values, 0);
    CHECK(best.index == largest_value::none);
    CHECK(best.value == -std::numeric_limits<float>::infinity());
}
