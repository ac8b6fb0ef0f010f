// The order of a token's values for gemv of AVX-512, against the specification, number by number.
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

void check_block(const activations_avx512::token_block& got, const float* x) {
    quant::activation_block<256> expected;
    quant::quantize_block<256>(x, expected);
    for (std::size_t lane = 0; lane < 16; ++lane) {
        const std::size_t group = lane % 4 * 4 + lane / 4;
        CAPTURE(lane, group);
        int sum = 0;
        for (std::size_t e = 0; e < 16; ++e) {
            CHECK(got.q[e / 4][lane][e % 4] == expected.q[16 * group + e]);
            sum += expected.q[16 * group + e];
        }
        CHECK(got.groups[lane][0] == expected.k[group]);
        CHECK(got.groups[lane][1] == -sum);
    }
    CHECK(std::memcmp(&got.d, &expected.d, sizeof got.d) == 0);
}

}  // namespace

TEST_CASE("each group of 16 values is in a lane of its own, and the blocks of AVX2 lie behind") {
    if (!detect_cpu().avx512_vnni) return;
    constexpr std::size_t n_blocks = 5;
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        auto x = test::random_activations(256 * n_blocks, seed);
        for (std::size_t i = 256; i < 512; ++i) x[i] = 0;
        for (std::size_t i = 512; i < 768; ++i) x[i] = 100;  // the largest sums
        x[800] = std::numeric_limits<float>::max();
        x[1100] = std::numeric_limits<float>::infinity();
        aligned_buffer<std::byte> out{n_blocks * activations_avx512::block_bytes};
        activations_avx512::quantize_row(x.data(), x.size(), out.data());
        const auto* blocks = reinterpret_cast<const activations_avx512::token_block*>(out.data());
        std::vector<activations_avx2::token_block<256>> for_avx2(n_blocks);
        activations_avx2::quantize_row<256>(x.data(), x.size(), for_avx2.data());
        for (std::size_t b = 0; b < n_blocks; ++b) {
            CAPTURE(seed, b);
            check_block(blocks[b], x.data() + 256 * b);
            CHECK(std::memcmp(blocks[b].sum, for_avx2[b].sum, sizeof for_avx2[b].sum) == 0);
            CHECK(std::memcmp(blocks[b].sum32, for_avx2[b].sum32, sizeof for_avx2[b].sum32) == 0);
            const auto& behind = reinterpret_cast<const activations_avx2::token_block<256>*>(blocks + n_blocks)[b];
            CHECK(std::memcmp(behind.q, for_avx2[b].q, sizeof behind.q) == 0);
            CHECK(std::memcmp(behind.k, for_avx2[b].k, sizeof behind.k) == 0);
        }
    }
}
#endif
