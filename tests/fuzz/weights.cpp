// SPDX-License-Identifier: Apache-2.0
// Bytes as weights of every format and as activations: every set of kernels gives the bits of the scalar one.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <nibble/core/thread_pool.hpp>
#include <nibble/ops/linear.hpp>
#include <nibble/quant/formats.hpp>

#include "fuzz/fuzz.hpp"
#include "support/kernel_sets.hpp"

using namespace nibble;

namespace {

std::vector<float> product(const kernel_set& set, const matrix_view& w, const std::vector<float>& x) {
    static thread_pool alone{1};
    executor threads{alone};
    const std::size_t n_tokens = x.size() / w.depth;
    activation_buffer activations{set, {n_tokens, w.depth, true, true, 1}};
    std::vector<float> out(n_tokens * w.n_rows);
    const token_range all{0, n_tokens};
    const linear_job job{{w}, out.data(), w.n_rows, all};
    activations.quantize(threads, x.data(), {&all, 1}, {&w, 1});
    linear(threads, {&job, 1}, activations);
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in{data, size};
    const data_type type = quant::formats::types[in.below(quant::n_formats)];
    const std::size_t rows = 1 + in.below(11), depth = 256 * (1 + in.below(3)), n_tokens = 1 + in.below(19);
    const float unit = std::ldexp(1.0f, static_cast<int>(in.below(64)) - 32);
    const std::string_view bytes = in.rest();
    if (bytes.empty()) return 0;

    const auto& info = *find_data_type(type);
    std::vector<std::byte> weights(rows * depth / info.block_size * info.block_bytes);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<std::byte>(bytes[i % bytes.size()]);
    std::vector<float> x(n_tokens * depth);
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = unit * static_cast<float>(static_cast<std::int8_t>(bytes[(i * 7 + i / 256) % bytes.size()]));

    const matrix_view w = view_matrix(type, rows, depth, weights.data());
    const auto expected = product(scalar_set(), w, x);
    for (const kernel_set* set : test::runnable_sets()) {
        const auto got = product(*set, w, x);
        for (std::size_t i = 0; i < got.size(); ++i)
            fuzz::require(std::bit_cast<std::uint32_t>(got[i]) == std::bit_cast<std::uint32_t>(expected[i]) ||
                          (std::isnan(got[i]) && std::isnan(expected[i])));
    }
    return 0;
}
