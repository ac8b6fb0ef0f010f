// Every cell of the (format x instruction set) grid that this CPU can run, against the specification, with ==.
#include <nibble/kernels/kernel_set.hpp>

#include <nibble/core/aligned_buffer.hpp>

#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "support/kernel_sets.hpp"
#include "support/random_weights.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

/// Tokens in the two forms that a kernel may ask for, as `set` makes them.
struct tokens {
    aligned_buffer<std::byte> rows, panel;

    template <std::size_t N>
    static tokens make(const kernel_set& set, const std::vector<float>& x, std::size_t n_tokens, std::size_t depth) {
        const auto quantize_row = N == 256 ? set.quantize_row_256 : set.quantize_row_32;
        const auto quantize_panel = N == 256 ? set.quantize_panel_256 : set.quantize_panel_32;
        const std::size_t row_bytes = depth / N * sizeof(quant::activation_block<N>);
        tokens result{aligned_buffer<std::byte>{n_tokens * row_bytes}, {}};
        for (std::size_t t = 0; t < n_tokens; ++t)
            quantize_row(x.data() + t * depth, depth, result.rows.data() + t * row_bytes);
        if (quantize_panel) {
            const std::size_t lanes = set.panel_lanes, n_groups = (n_tokens + lanes - 1) / lanes;
            const std::size_t group_bytes = depth / N * (N == 256 ? set.group_bytes_256 : set.group_bytes_32);
            result.panel = aligned_buffer<std::byte>{n_groups * group_bytes};
            for (std::size_t g = 0; g < n_groups; ++g)
                quantize_panel(x.data() + g * lanes * depth, depth, std::min(lanes, n_tokens - g * lanes), depth,
                               result.panel.data() + g * group_bytes);
        }
        return result;
    }
};

void check_cell(const kernel_set& set, const format_kernels& cell, const std::vector<std::byte>& weights,
                const std::vector<float>& x, std::size_t n_rows, std::size_t depth, std::size_t n_tokens) {
    INFO(set.name << ' ' << name_of(cell.type) << " rows " << n_rows << " depth " << depth << " tokens " << n_tokens);
    const auto& oracle = *scalar_kernels.find(cell.type);
    const auto& info = *find_data_type(cell.type);
    const std::size_t row_bytes = depth / info.block_size * info.block_bytes;
    const std::size_t stride = n_rows + 3;  // the gaps must stay as they are
    const float untouched = -12345.0f;
    std::vector<float> expected(n_tokens * stride, untouched), got = expected, got_panel = expected;

    if (cell.form == activation_form::floats) {
        oracle.rows(weights.data(), row_bytes, n_rows, depth, x.data(), n_tokens, expected.data(), stride);
        cell.rows(weights.data(), row_bytes, n_rows, depth, x.data(), n_tokens, got.data(), stride);
        CHECK(got == expected);
        return;
    }
    const bool k = cell.form == activation_form::blocks_of_256;
    auto plain = k ? tokens::make<256>(scalar_kernels, x, n_tokens, depth)
                   : tokens::make<32>(scalar_kernels, x, n_tokens, depth);
    auto own = k ? tokens::make<256>(set, x, n_tokens, depth) : tokens::make<32>(set, x, n_tokens, depth);
    CHECK(std::memcmp(own.rows.data(), plain.rows.data(), own.rows.size()) == 0);
    oracle.rows(weights.data(), row_bytes, n_rows, depth, plain.rows.data(), n_tokens, expected.data(), stride);
    cell.rows(weights.data(), row_bytes, n_rows, depth, own.rows.data(), n_tokens, got.data(), stride);
    CHECK(std::memcmp(got.data(), expected.data(), got.size() * sizeof(float)) == 0);
    if (cell.panel) {
        const auto scratch = std::make_unique<kernels::panel_scratch>();
        cell.panel(weights.data(), row_bytes, n_rows, depth, own.panel.data(), n_tokens, got_panel.data(), stride,
                   *scratch);
        CHECK(std::memcmp(got_panel.data(), expected.data(), got.size() * sizeof(float)) == 0);
    }
}

}  // namespace

TEST_CASE("every kernel equals the scalar specification bit for bit") {
    for (const auto* set : test::simd_sets()) {
        for (const auto& cell : set->formats) {
            // depths: less than a chunk, one chunk and a bit; for blocks of 32 also not a multiple of 256
            const bool k = cell.form == activation_form::blocks_of_256;
            for (const std::size_t depth :
                 k ? std::vector<std::size_t>{256, 768, 1536} : std::vector<std::size_t>{32, 576, 1120})
                for (const std::size_t n_rows : {1u, 2u, 3u, 7u, 12u}) {
                    const auto weights = test::random_weights(cell.type, n_rows, depth, 3);
                    for (const std::size_t n_tokens : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 17u, 33u})
                        check_cell(*set, cell, weights, test::random_activations(n_tokens * depth, 4), n_rows, depth,
                                   n_tokens);
                }
        }
    }
}

TEST_CASE("more rows and more tokens than a panel holds at once") {
    const std::size_t n_rows = 2 * kernels::panel_rows_max + 5, n_tokens = kernels::panel_tokens_max + 9, depth = 256;
    const auto x = test::random_activations(n_tokens * depth, 4);
    for (const auto* set : test::simd_sets())
        for (const auto& cell : set->formats)
            if (cell.panel)
                check_cell(*set, cell, test::random_weights(cell.type, n_rows, depth, 3), x, n_rows, depth, n_tokens);
}

TEST_CASE("float formats take any depth") {
    for (const auto* set : test::simd_sets())
        for (const auto& cell : set->formats)
            if (cell.form == activation_form::floats)
                for (const std::size_t depth : {1u, 7u, 33u, 100u})
                    check_cell(*set, cell, test::random_weights(cell.type, 3, depth, 9),
                               test::random_activations(4 * depth, 8), 3, depth, 4);
}

TEST_CASE("the largest codes and activations overflow nothing") {
    for (const auto* set : test::simd_sets())
        for (const auto& cell : set->formats) {
            if (cell.form == activation_form::floats) continue;
            for (const int fill : {0x00, 0x7f, 0x80, 0xff}) {
                const auto weights = test::extreme_weights(cell.type, 4, 512, static_cast<std::byte>(fill));
                for (const float sign : {1.0f, -1.0f})
                    check_cell(*set, cell, weights, std::vector<float>(9 * 512, sign * 100.0f), 4, 512, 9);
            }
        }
}

TEST_CASE("an activation that is not finite makes every result that depends on it NaN") {
    for (const auto* set : test::simd_sets())
        for (const auto& cell : set->formats) {
            const std::size_t depth = 512;
            const auto weights = test::random_weights(cell.type, 2, depth, 3);
            auto x = test::random_activations(depth, 4);
            x[300] = std::numeric_limits<float>::quiet_NaN();
            float out[2] = {};
            const auto& info = *find_data_type(cell.type);
            auto own = cell.form == activation_form::blocks_of_256 ? tokens::make<256>(*set, x, 1, depth)
                                                                   : tokens::make<32>(*set, x, 1, depth);
            const void* input =
                cell.form == activation_form::floats ? static_cast<const void*>(x.data()) : own.rows.data();
            cell.rows(weights.data(), depth / info.block_size * info.block_bytes, 2, depth, input, 1, out, 2);
            CHECK(out[0] != out[0]);
            CHECK(out[1] != out[1]);
        }
}

TEST_CASE("random bytes as weights give the same bits in every set, finite or not") {
    for (const auto* set : test::simd_sets())
        for (const auto& cell : set->formats) {
            if (cell.form == activation_form::floats) continue;
            const auto& info = *find_data_type(cell.type);
            for (std::uint32_t seed = 0; seed < 50; ++seed) {
                std::mt19937 random{seed};
                std::vector<std::byte> weights(2 * 512 / info.block_size * info.block_bytes);
                for (auto& byte : weights) byte = static_cast<std::byte>(random());
                const std::size_t row_bytes = weights.size() / 2;
                const auto x = test::random_activations(512, seed);
                auto own = cell.form == activation_form::blocks_of_256 ? tokens::make<256>(*set, x, 1, 512)
                                                                       : tokens::make<32>(*set, x, 1, 512);
                float expected[2] = {}, got[2] = {};
                scalar_kernels.find(cell.type)->rows(weights.data(), row_bytes, 2, 512, own.rows.data(), 1, expected,
                                                     2);
                cell.rows(weights.data(), row_bytes, 2, 512, own.rows.data(), 1, got, 2);
                for (int r = 0; r < 2; ++r)
                    CHECK((got[r] == expected[r] || (got[r] != got[r] && expected[r] != expected[r])));
            }
        }
}

TEST_CASE("a set is found for this CPU, and every format has a row in it") {
    const auto& set = best_kernels(detect_cpu());
    CHECK(best_kernels(cpu_features{}).name == "scalar");
    for (const auto& info : data_types) {
        const auto* cell = set.find(info.type);
        CHECK((cell != nullptr) == (scalar_kernels.find(info.type) != nullptr));
        if (cell) CHECK(cell->type == info.type);
    }
    CHECK(set.find(data_type::q4_k));
    CHECK_FALSE(set.find(data_type::iq4_xs));
}

TEST_CASE("decoding a row gives the values of its blocks") {
    for (const auto& cell : scalar_kernels.formats) {
        const auto weights = test::random_weights(cell.type, 1, 512, 21);
        std::vector<float> values(512);
        cell.decode(weights.data(), 512, values.data());
        // against the dot product with a unit vector: exact for float formats
        if (cell.form != activation_form::floats) continue;
        for (const std::size_t i : {0u, 31u, 511u}) {
            std::vector<float> unit(512, 0.0f);
            unit[i] = 1;
            float out = 0;
            cell.rows(weights.data(), weights.size(), 1, 512, unit.data(), 1, &out, 1);
            CHECK(out == values[i]);
        }
    }
}
