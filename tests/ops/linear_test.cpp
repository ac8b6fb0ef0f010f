#include <nibble/ops/linear.hpp>

#include <array>
#include <vector>

#include "support/kernel_sets.hpp"
#include "support/random_weights.hpp"
#include "support/same_bits.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

/// Three matrices of different formats and heights, as attn_q, attn_k and attn_v may be.
struct fixture {
    static constexpr std::size_t depth = 512, heights[3] = {200, 37, 64};
    data_type types[3] = {data_type::q4_k, data_type::q8_0, data_type::f16};
    std::vector<std::byte> bytes[3];
    matrix_view views[3];
    std::vector<float> biases[3];  // empty: none

    fixture() {
        for (std::size_t i = 0; i < 3; ++i) {
            bytes[i] = test::random_weights(types[i], heights[i], depth, static_cast<std::uint32_t>(i));
            views[i] = view_matrix(types[i], heights[i], depth, bytes[i].data());
        }
    }

    [[nodiscard]] std::vector<float> product(const kernel_set& set, const std::vector<float>& x, std::size_t n_tokens,
                                             unsigned n_threads) const {
        thread_pool pool{n_threads};
        executor threads{pool};
        activation_buffer input{set, {n_tokens, depth, true, true, threads.n_threads()}};
        constexpr std::size_t stride = heights[0] + heights[1] + heights[2];
        std::vector<float> out(n_tokens * stride);
        const token_range all{0, n_tokens};
        const linear_job jobs[] = {{{views[0], biases[0]}, out.data(), stride, all},
                                   {{views[1], biases[1]}, out.data() + heights[0], stride, all},
                                   {{views[2], biases[2]}, out.data() + heights[0] + heights[1], stride, all}};
        input.quantize(threads, x.data(), {&all, 1}, views);
        linear(threads, jobs, input);
        return out;
    }
};

}  // namespace

TEST_CASE("a product is the same bits for any batch, number of threads and kernel set") {
    const fixture f;
    constexpr std::size_t n_tokens = 40;
    const auto x = test::random_activations(n_tokens * f.depth, 7);
    const auto expected = f.product(scalar_set(), x, n_tokens, 1);
    const std::size_t stride = expected.size() / n_tokens;
    for (const auto* set : test::runnable_sets())
        for (const unsigned n_threads : {1u, 2u, 3u})
            for (const std::size_t batch : {1u, 3u, 7u, 16u, 40u}) {
                CAPTURE(set->name, n_threads, batch);
                std::vector<float> got;
                for (std::size_t t = 0; t < n_tokens; t += batch) {
                    const std::size_t here = std::min(batch, n_tokens - t);
                    const std::vector<float> part(x.begin() + static_cast<std::ptrdiff_t>(t * f.depth),
                                                  x.begin() + static_cast<std::ptrdiff_t>((t + here) * f.depth));
                    const auto rows = f.product(*set, part, here, n_threads);
                    got.insert(got.end(), rows.begin(), rows.end());
                }
                CHECK_THAT(got, test::same_bits_as(expected, stride));
            }
}

TEST_CASE("a bias is added to the product of its matrix, whoever multiplies") {
    fixture f;
    constexpr std::size_t n_tokens = 9;
    const auto x = test::random_activations(n_tokens * f.depth, 7);
    auto expected = f.product(scalar_set(), x, n_tokens, 1);
    const std::size_t stride = expected.size() / n_tokens;
    f.biases[1] = test::random_activations(f.heights[1], 8);
    for (std::size_t t = 0; t < n_tokens; ++t)
        for (std::size_t r = 0; r < f.heights[1]; ++r) expected[t * stride + f.heights[0] + r] += f.biases[1][r];
    for (const auto* set : test::runnable_sets())
        for (const unsigned n_threads : {1u, 3u}) {
            CAPTURE(set->name, n_threads);
            CHECK_THAT(f.product(*set, x, n_tokens, n_threads), test::same_bits_as(expected, stride));
        }
}

TEST_CASE(
    "a gated product is silu of one product times the other, biases included, for any batch and number of threads") {
    constexpr std::size_t n_rows = 230, depth = 256, n_tokens = 40;
    for (const data_type type : {data_type::q4_k, data_type::q4_0, data_type::f32}) {
        const auto gate_bytes = test::random_weights(type, n_rows, depth, 11);
        const auto up_bytes = test::random_weights(type, n_rows, depth, 12);
        const matrix_view gate = view_matrix(type, n_rows, depth, gate_bytes.data());
        const matrix_view up = view_matrix(type, n_rows, depth, up_bytes.data());
        const auto x = test::random_activations(n_tokens * depth, 13);

        const auto gate_bias = test::random_activations(n_rows, 14), up_bias = test::random_activations(n_rows, 15);

        const auto product = [&](const matrix_view& w, const std::vector<float>& bias) {
            thread_pool pool{1};
            executor threads{pool};
            activation_buffer input{scalar_set(), {n_tokens, depth, true, true, 1}};
            std::vector<float> out(n_tokens * n_rows);
            const token_range all{0, n_tokens};
            const linear_job job{{w, bias}, out.data(), n_rows, all};
            input.quantize(threads, x.data(), {&all, 1}, {&w, 1});
            linear(threads, {&job, 1}, input);
            return out;
        };
        auto expected = product(gate, gate_bias);
        const auto factors = product(up, up_bias);
        kernels::elementwise_scalar::silu_gated(expected.data(), factors.data(), expected.size());

        for (const auto* set : test::runnable_sets())
            for (const unsigned n_threads : {1u, 2u, 3u})
                for (const std::size_t batch : {1u, 5u, 40u}) {
                    CAPTURE(set->name, name_of(type), n_threads, batch);
                    thread_pool pool{n_threads};
                    executor threads{pool};
                    activation_buffer input{*set, {batch, depth, true, true, threads.n_threads()}};
                    std::vector<float> ups(threads.n_threads() * gated_rows(*set) * batch), got(n_tokens * n_rows);
                    for (std::size_t t = 0; t < n_tokens; t += batch) {
                        const token_range all{0, batch};
                        const gated_job job{{gate, gate_bias}, {up, up_bias}, got.data() + t * n_rows, all};
                        input.quantize(threads, x.data() + t * depth, {&all, 1}, std::array{gate, up});
                        gated_linear(threads, {&job, 1}, activation::silu, input, ups.data(), batch);
                    }
                    CHECK_THAT(got, test::same_bits_as(expected, n_rows));
                }
    }
}

TEST_CASE("ranges of tokens, few and many side by side, give the bits of each range alone") {
    const fixture f;
    constexpr std::size_t n_tokens = 80;
    const auto x = test::random_activations(n_tokens * f.depth, 7);
    const auto expected = f.product(scalar_set(), x, n_tokens, 1);
    const std::size_t stride = expected.size() / n_tokens;
    // one token, some, many at a multiple of each set's group, and gaps that no range has
    const token_range ranges[] = {{0, 1}, {1, 3}, {16, 20}, {48, 2}, {64, 16}};
    for (const auto* set : test::runnable_sets())
        for (const unsigned n_threads : {1u, 3u}) {
            CAPTURE(set->name, n_threads);
            thread_pool pool{n_threads};
            executor threads{pool};
            activation_buffer input{*set, {n_tokens, f.depth, true, true, threads.n_threads()}};
            input.quantize(threads, x.data(), ranges, f.views);
            std::vector<float> got(n_tokens * stride);
            std::vector<linear_job> jobs;
            for (const auto& range : ranges)
                for (std::size_t i = 0, before = 0; i < 3; before += f.heights[i++])
                    jobs.push_back({{f.views[i]}, got.data() + range.first * stride + before, stride, range});
            linear(threads, jobs, input);
            for (const auto& [first, count] : ranges) {
                const auto rows = [&, at = first, n = count](const std::vector<float>& all) {
                    return std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(at * stride),
                                              all.begin() + static_cast<std::ptrdiff_t>((at + n) * stride));
                };
                CHECK_THAT(rows(got), test::same_bits_as(rows(expected), stride));
            }
        }
}

TEST_CASE("a product without a factor is the activation alone") {
    constexpr std::size_t n_rows = 230, depth = 256, n_tokens = 9;
    const auto bytes = test::random_weights(data_type::q4_k, n_rows, depth, 11);
    const matrix_view gate = view_matrix(data_type::q4_k, n_rows, depth, bytes.data());
    const auto x = test::random_activations(n_tokens * depth, 13), bias = test::random_activations(n_rows, 14);
    std::vector<float> expected(n_tokens * n_rows), ones(n_tokens * n_rows, 1.0f);
    for (const auto* set : test::runnable_sets())
        for (const unsigned n_threads : {1u, 3u}) {
            CAPTURE(set->name, n_threads);
            thread_pool pool{n_threads};
            executor threads{pool};
            activation_buffer input{*set, {n_tokens, depth, true, false, threads.n_threads()}};
            const token_range all{0, n_tokens};
            const linear_job job{{gate, bias}, expected.data(), n_rows, all};
            input.quantize(threads, x.data(), {&all, 1}, std::array{gate, matrix_view{}});
            linear(threads, {&job, 1}, input);
            kernels::elementwise_scalar::gelu_tanh_gated(expected.data(), ones.data(), expected.size());
            std::vector<float> scratch(threads.n_threads() * gated_rows(*set) * n_tokens), got(n_tokens * n_rows);
            const gated_job alone{{gate, bias}, {}, got.data(), all};
            gated_linear(threads, {&alone, 1}, activation::gelu_tanh, input, scratch.data(), n_tokens);
            CHECK_THAT(got, test::same_bits_as(expected, n_rows));
        }
}

TEST_CASE("the buffer takes what it says") {
    for (const kernel_set* set : kernel_sets()) {
        CAPTURE(set->name);
        CHECK(activation_buffer::bytes(*set, {1, 256, false, false, 2}) == 2 * sizeof(kernels::gemm_scratch));
        const activation_kernels& forms = set->of(activation_form::blocks_of_256);
        const std::size_t row = 2 * std::max(forms.block_bytes, forms.group_bytes / set->token_group);
        CHECK(activation_buffer::bytes(*set, {16, 512, true, false, 1}) ==
              16 * ((row + 63) / 64 * 64) + sizeof(kernels::gemm_scratch));
    }
}
