// SPDX-License-Identifier: Apache-2.0
// Random weights and activations for kernel tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include <nibble/core/half.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/quant/formats.hpp>

namespace nibble::test {

/// `rows` rows of `depth` weights of `type`: random codes, scales and mins, scales of ordinary size, halves
/// of either sign.
inline std::vector<std::byte> random_weights(data_type type, std::size_t rows, std::size_t depth, std::uint32_t seed) {
    std::mt19937 random{seed};
    std::normal_distribution<float> normal;
    const auto& info = *find_data_type(type);
    const std::size_t n_blocks = rows * depth / info.block_size;
    std::vector<std::byte> bytes(n_blocks * info.block_bytes);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    const auto put = [&](std::size_t block, std::size_t offset, std::uint16_t bits) {
        std::memcpy(bytes.data() + block * info.block_bytes + offset, &bits, 2);
    };
    for (std::size_t b = 0; b < n_blocks; ++b) {
        switch (type) {
            case data_type::f32: {
                const float value = normal(random);
                std::memcpy(bytes.data() + 4 * b, &value, 4);
                break;
            }
            case data_type::f16: put(b, 0, float_to_half(normal(random))); break;
            case data_type::bf16: put(b, 0, float_to_bf16(normal(random))); break;
            default: {
                const quant::float_fields scales = quant::floats_of(type);
                for (std::size_t i = scales.count; i-- > 0;) {
                    if (scales.exponent_mask == quant::scale_exponent)
                        bytes[b * info.block_bytes + scales.at[i]] = static_cast<std::byte>(116 + random() % 8);
                    else
                        put(b, scales.at[i], float_to_half(0.01f * normal(random)));
                }
            }
        }
    }
    return bytes;
}

/// The most extreme codes that a format can hold: every bit of every byte set but the scales, which are 1.
inline std::vector<std::byte> extreme_weights(data_type type, std::size_t rows, std::size_t depth, std::byte fill) {
    auto bytes = random_weights(type, rows, depth, 1);
    const auto& info = *find_data_type(type);
    const quant::float_fields scales = quant::floats_of(type);
    const bool power = scales.exponent_mask == quant::scale_exponent;
    const std::uint16_t one = power ? 128 : float_to_half(1.0f);
    for (std::size_t b = 0; b < bytes.size() / info.block_bytes; ++b) {
        std::byte* block = bytes.data() + b * info.block_bytes;
        std::memset(block, static_cast<int>(fill), info.block_bytes);
        for (std::size_t i = 0; i < scales.count; ++i) std::memcpy(block + scales.at[i], &one, power ? 1 : 2);
    }
    return bytes;
}

/// `n` activations with the outliers that real models have.
inline std::vector<float> random_activations(std::size_t n, std::uint32_t seed) {
    std::mt19937 random{seed};
    std::normal_distribution<float> normal;
    std::vector<float> x(n);
    for (auto& value : x) value = normal(random) * (random() % 100 == 0 ? 30.0f : 1.0f);
    return x;
}

}  // namespace nibble::test
