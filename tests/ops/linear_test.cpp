#include <nibble/ops/linear.hpp>

#include <vector>

#include "support/kernel_sets.hpp"
#include "support/random_weights.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

/// Three matrices of different formats and heights, as attn_q, attn_k and attn_v may be.
struct fixture {
    static constexpr std::size_t depth = 512, heights[3] = {200, 37, 64};
    data_type types[3] = {data_type::q4_k, data_type::q8_0, data_type::f16};
    std::vector<std::byte> bytes[3];
    matrix_view views[3];

    fixture() {
        for (std::size_t i = 0; i < 3; ++i) {
            bytes[i] = test::random_weights(types[i], heights[i], depth, static_cast<std::uint32_t>(i));
            views[i] = {types[i], heights[i], depth, bytes[i].size() / heights[i], bytes[i].data()};
        }
    }

    [[nodiscard]] std::vector<float> product(const kernel_set& set, const std::vector<float>& x, std::size_t n_tokens,
                                             unsigned n_threads) const {
        thread_pool pool{n_threads};
        executor threads{pool};
        activation_buffer input{{n_tokens, depth, true, true, threads.n_threads()}};
        constexpr std::size_t stride = heights[0] + heights[1] + heights[2];
        std::vector<float> out(n_tokens * stride);
        const linear_job jobs[] = {{views[0], out.data(), stride},
                                   {views[1], out.data() + heights[0], stride},
                                   {views[2], out.data() + heights[0] + heights[1], stride}};
        input.quantize(threads, set, x.data(), n_tokens, depth, jobs);
        linear(threads, set, jobs, input);
        return out;
    }
};

}  // namespace

TEST_CASE("a product is the same bits for any batch, number of threads and kernel set") {
    const fixture f;
    constexpr std::size_t n_tokens = 40;
    const auto x = test::random_activations(n_tokens * f.depth, 7);
    const auto expected = f.product(scalar_kernels, x, n_tokens, 1);
    const std::size_t stride = expected.size() / n_tokens;
    for (const auto* set : test::simd_sets())
        for (const unsigned n_threads : {1u, 2u, 3u})
            for (const std::size_t batch : {1u, 3u, 7u, 16u, 40u})
                for (std::size_t t = 0; t < n_tokens; t += batch) {
                    const std::size_t here = std::min(batch, n_tokens - t);
                    const std::vector<float> part(x.begin() + static_cast<std::ptrdiff_t>(t * f.depth),
                                                  x.begin() + static_cast<std::ptrdiff_t>((t + here) * f.depth));
                    const auto got = f.product(*set, part, here, n_threads);
                    REQUIRE(got ==
                            std::vector<float>(expected.begin() + static_cast<std::ptrdiff_t>(t * stride),
                                               expected.begin() + static_cast<std::ptrdiff_t>((t + here) * stride)));
                }
}

TEST_CASE("the buffer takes what it says") {
    CHECK(activation_buffer::bytes({1, 256, false, false, 2}) == 2 * sizeof(kernels::panel_scratch));
    CHECK(activation_buffer::bytes({16, 256, true, false, 1}) ==
          16 * kernels::panel_token_bytes<256> + sizeof(kernels::panel_scratch));
}
