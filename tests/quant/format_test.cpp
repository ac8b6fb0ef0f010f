// The bit layouts, against vectors computed with an independent implementation: byte i of the block is
// (37 i + 11) mod 256, d = 0.03125 (as a half or an exponent), dmin or m = 0.0625.
#include <nibble/quant/formats.hpp>

#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "test.hpp"

using namespace nibble;
using namespace nibble::quant;

namespace {

template <class F>
std::vector<float> decoded_pattern(std::size_t d_at, std::size_t m_at) {
    std::array<std::uint8_t, sizeof(typename F::block)> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(37 * i + 11);
    if (F::type == data_type::mxfp4) {
        bytes[d_at] = 123;
    } else {
        bytes[d_at] = 0x00;
        bytes[d_at + 1] = 0x28;
    }
    if (F::has_min) {
        bytes[m_at] = 0x00;
        bytes[m_at + 1] = 0x2c;
    }
    typename F::block block;
    std::memcpy(&block, bytes.data(), sizeof block);
    std::vector<float> values(F::block_size);
    dequantize_block<F>(block, values.data());
    return values;
}

double sum(const std::vector<float>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

using four = std::vector<float>;

four at(const std::vector<float>& values, std::size_t from) {
    return {values.begin() + static_cast<std::ptrdiff_t>(from), values.begin() + static_cast<std::ptrdiff_t>(from + 4)};
}

}  // namespace

TEST_CASE("Q3_K decodes the reference block") {
    const auto y = decoded_pattern<q3_k>(108, 0);
    CHECK(at(y, 0) == four{2.53125f, -3.375f, 0.84375f, -1.6875f});
    CHECK(at(y, 32) == four{-0.6875f, 1.375f, 1.03125f, -0.6875f});
    CHECK(at(y, 128) == four{0.0625f, 0.0f, -0.0625f, -0.125f});
    CHECK(at(y, 252) == four{-1.3125f, -1.3125f, -0.875f, 1.3125f});
    CHECK(sum(y) == 29.9375);
}

TEST_CASE("Q4_K decodes the reference block") {
    const auto y = decoded_pattern<q4_k>(0, 2);
    CHECK(at(y, 0) == four{7.46875f, -3.1875f, 1.65625f, 6.5f});
    CHECK(at(y, 32) == four{-0.875f, -0.5f, -0.25f, 0.0f});
    CHECK(at(y, 128) == four{12.65625f, -0.75f, 5.34375f, 11.4375f});
    CHECK(at(y, 252) == four{-1.4375f, -1.0625f, -0.5f, -0.125f});
    CHECK(sum(y) == 1305.25);
}

TEST_CASE("Q5_K decodes the reference block") {
    const auto y = decoded_pattern<q5_k>(0, 2);
    CHECK(at(y, 0) == four{22.96875f, -3.1875f, 17.15625f, 6.5f});
    CHECK(at(y, 32) == four{2.375f, -1.25f, -1.0f, 1.25f});
    CHECK(at(y, 128) == four{32.15625f, -0.75f, 5.34375f, 11.4375f});
    CHECK(at(y, 252) == four{0.4375f, 0.8125f, 1.375f, 1.75f});
    CHECK(sum(y) == 3235.75);
}

TEST_CASE("Q6_K decodes the reference block") {
    const auto y = decoded_pattern<q6_k>(208, 0);
    CHECK(at(y, 0) == four{-44.71875f, 53.0f, 18.21875f, -16.5625f});
    CHECK(at(y, 32) == four{7.21875f, -21.0f, -7.21875f, 6.5625f});
    CHECK(at(y, 128) == four{-10.96875f, 13.0f, 4.46875f, -4.0625f});
    CHECK(at(y, 252) == four{5.3125f, 4.6875f, -1.25f, -1.875f});
    CHECK(sum(y) == 144.125);
}

TEST_CASE("the formats with blocks of 32 decode their reference blocks") {
    auto y = decoded_pattern<q4_0>(0, 0);
    CHECK(at(y, 0) == four{-0.09375f, 0.0625f, 0.21875f, -0.125f});
    CHECK(at(y, 28) == four{-0.21875f, -0.15625f, -0.09375f, 0.0f});
    CHECK(sum(y) == -0.65625);

    y = decoded_pattern<q4_1>(0, 2);
    CHECK(at(y, 0) == four{0.53125f, 0.1875f, 0.34375f, 0.5f});
    CHECK(at(y, 28) == four{0.21875f, 0.3125f, 0.375f, 0.4375f});
    CHECK(sum(y) == 9.65625);

    y = decoded_pattern<q5_0>(0, 0);
    CHECK(at(y, 0) == four{0.28125f, -0.0625f, 0.09375f, -0.25f});
    CHECK(at(y, 28) == four{-0.1875f, -0.125f, 0.4375f, 0.03125f});
    CHECK(sum(y) == 0.46875);

    y = decoded_pattern<q5_1>(0, 2);
    CHECK(at(y, 0) == four{0.65625f, 0.8125f, 0.96875f, 0.625f});
    CHECK(at(y, 28) == four{0.5f, 0.09375f, 0.15625f, 0.21875f});
    CHECK(sum(y) == 17.78125);

    y = decoded_pattern<q8_0>(0, 0);
    CHECK(at(y, 0) == four{2.65625f, 3.8125f, -3.03125f, -1.875f});
    CHECK(at(y, 28) == four{3.03125f, -3.8125f, -2.65625f, -1.5f});
    CHECK(sum(y) == -5.5);
}

TEST_CASE("MXFP4 decodes its reference block, and exponents at both ends") {
    const auto y = decoded_pattern<mxfp4>(0, 0);
    CHECK(at(y, 0) == four{0.0f, 0.1875f, -0.0625f, -0.375f});
    CHECK(at(y, 28) == four{-0.25f, 0.03125f, 0.09375f, 0.1875f});
    CHECK(sum(y) == 0.78125);

    mxfp4::block block{};
    block.qs[0] = 0x9f;  // -6, then -0.5
    float values[32];
    for (const auto& [exponent, scale] : {std::pair{0, 0x1p-127f}, {1, 0x1p-126f}, {2, 0x1p-125f}, {252, 0x1p125f}}) {
        block.d[0] = static_cast<std::uint8_t>(exponent);
        dequantize_block<mxfp4>(block, values);
        CHECK(values[0] == -6 * scale);
        CHECK(values[16] == -0.5f * scale);
        CHECK(values[1] == 0);
    }
    CHECK(power_of_two(254) == 0x1p126f);
    block.d[0] = 255;
    dequantize_block<mxfp4>(block, values);
    CHECK(std::isnan(values[0]));
    CHECK(std::isnan(values[1]));
}

TEST_CASE("scales12 unpacks to the reference scales and mins") {
    const std::uint8_t bytes[] = {0x9f, 0xc4, 0xe9, 0x0e, 0x33, 0x58, 0x7d, 0xa2, 0xc7, 0xec, 0x11, 0x36};
    block_codes<256> codes;
    unpack_scales12(bytes, codes);
    const int scales[] = {31, 4, 41, 14, 39, 60, 49, 6}, mins[] = {51, 24, 61, 34, 12, 30, 17, 35};
    for (std::size_t i = 0; i < 16; ++i) {
        CHECK(codes.scale[i] == scales[i / 2]);
        CHECK(codes.min[i] == mins[i / 2]);
    }
}
