// A token's values as gemv of AVX-512 reads them, against the specification, number by number.
#include <nibble/kernels/activations/avx512.hpp>

#include <cstring>
#include <limits>
#include <vector>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/cpu.hpp>

#include "support/random_weights.hpp"
#include "test.hpp"

#if NIBBLE_X86_64
using namespace nibble;
using namespace nibble::kernels;

namespace {

template <std::size_t N>
void check_block(const activations_avx512::token_block<N>& got, const float* x) {
    quant::activation_block<N> expected;
    quant::quantize_block<N>(x, expected);
    CHECK(std::memcmp(got.q, expected.q, sizeof got.q) == 0);
    for (std::size_t group = 0; group < N / 16; ++group) {
        CAPTURE(group);
        int sum = 0;
        for (std::size_t e = 16 * group; e < 16 * group + 16; ++e) sum += expected.q[e];
        CHECK(got.k[group] == expected.k[group]);
        CHECK(got.minus_sum[group] == -sum);
    }
    CHECK(std::memcmp(&got.d, &expected.d, sizeof got.d) == 0);
}

/// Blocks of every kind in a row: 40 blocks of 32 are what is quantised eight at a time and what is left.
template <std::size_t N>
void check_row(std::vector<float> x) {
    const std::size_t n_blocks = x.size() / N;
    aligned_buffer<std::byte> out{n_blocks * activations_avx512::block_bytes<N>};
    activations_avx512::quantize_row<N>(x.data(), x.size(), out.data());
    const auto* blocks = reinterpret_cast<const activations_avx512::token_block<N>*>(out.data());
    std::vector<activations_avx2::token_block<N>> for_avx2(n_blocks);
    activations_avx2::quantize_row<N>(x.data(), x.size(), for_avx2.data());
    for (std::size_t b = 0; b < n_blocks; ++b) {
        CAPTURE(N, b);
        check_block<N>(blocks[b], x.data() + N * b);
        CHECK(std::memcmp(blocks[b].sum, for_avx2[b].sum, sizeof for_avx2[b].sum) == 0);
        CHECK(std::memcmp(blocks[b].sum32, for_avx2[b].sum32, sizeof for_avx2[b].sum32) == 0);
        const auto& behind = reinterpret_cast<const activations_avx2::token_block<N>*>(blocks + n_blocks)[b];
        CHECK(std::memcmp(behind.q, for_avx2[b].q, sizeof behind.q) == 0);
        CHECK(std::memcmp(behind.k, for_avx2[b].k, sizeof behind.k) == 0);
    }
}

}  // namespace

TEST_CASE("each number stands where a broadcast finds it, and the blocks of AVX2 lie behind") {
    if (!detect_cpu().avx512_vnni) return;
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        auto x = test::random_activations(1280, seed);
        for (std::size_t i = 256; i < 512; ++i) x[i] = 0;
        for (std::size_t i = 512; i < 768; ++i) x[i] = 100;  // the largest sums
        x[800] = std::numeric_limits<float>::max();
        x[1100] = std::numeric_limits<float>::infinity();
        check_row<256>(x);
        check_row<32>(x);
        x.resize(1280 - 96);  // five blocks of 32 are left
        check_row<32>(x);
    }
}
#endif
