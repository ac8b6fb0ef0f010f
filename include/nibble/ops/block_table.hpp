// SPDX-License-Identifier: Apache-2.0
// Where the positions of a sequence lie in memory that sequences share: in blocks, by a table.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/core/config.hpp>
#include <nibble/kernels/attention/attention.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Block i holds what one layer keeps of positions 128 i to 128 i + 127 of a sequence. Borrows memory and table.
struct block_table {
    std::byte* data;              ///< of the block with number 0
    std::size_t stride;           ///< bytes from a number to the next
    const std::uint32_t* number;  ///< [blocks of the sequence]

    [[nodiscard]] std::byte* operator[](std::size_t i) const noexcept { return data + number[i] * stride; }
};

/// Keys and values of one layer: a block is [n_kv_heads] of `block_bytes`, laid out for the attention kernels.
struct kv_layer {
    block_table blocks;
    std::size_t block_bytes;

    [[nodiscard]] std::byte* block(std::size_t kv_head, std::size_t index) const noexcept {
        return blocks[index] + kv_head * block_bytes;
    }
};

/// What a convolution has seen: a block is [128][n_channels] floats.
struct convolution_history {
    block_table blocks;
    std::size_t n_channels;

    /// [n_channels] of one position.
    [[nodiscard]] float* row(std::size_t position) const noexcept {
        return reinterpret_cast<float*>(blocks[position / attention_block]) + position % attention_block * n_channels;
    }
};

NIBBLE_NAMESPACE_END
