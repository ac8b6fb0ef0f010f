// SPDX-License-Identifier: Apache-2.0
// What a set of kernels is: everything that an instruction set brings, as plain data. The sets are in isa/.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <nibble/core/cpu.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/kernels/activations/activations.hpp>
#include <nibble/kernels/attention/attention.hpp>
#include <nibble/kernels/dequantize.hpp>
#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/kernels/gemm/micro_kernel.hpp>
#include <nibble/kernels/gemv/gemv.hpp>
#include <nibble/quant/formats.hpp>

NIBBLE_NAMESPACE_BEGIN

/// In which form a weight format wants its activations.
enum class activation_form { blocks_of_256, blocks_of_32, floats };

/// The kernels of one weight format.
struct format_kernels {
    data_type type;
    activation_form form;
    kernels::dequantize_row_function dequantize_row;  ///< the embedding lookup
    kernels::gemv_function gemv;                      ///< few tokens; any number gives the same bits
    kernels::gemm_function gemm;                      ///< many tokens; nullptr: `gemv` serves them too
};

/// What turns activations into one block form.
struct activation_kernels {
    kernels::quantize_row_function quantize_row;  ///< a token, as gemv reads it
    std::size_t block_bytes;                      ///< of one block of it
    kernels::pack_tokens_function pack_tokens;    ///< a group of tokens, as gemm reads it
    std::size_t group_bytes;                      ///< of one block of it
    std::size_t gemm_from;                        ///< least number of tokens for which gemm is faster than gemv
};

/// The time of a pass over 2, 4, 8 and 16 tokens, where one token takes 1, measured with a small model, where it is
/// largest: by it drafts choose how much they guess.
using pass_costs = std::array<float, 4>;

/// All kernels of one instruction set. A constant table; immutable and shared by everyone.
struct kernel_set {
    std::string_view name;
    bool (*runs_on)(const cpu_features&) noexcept;

    std::size_t token_group;   ///< tokens that gemm takes side by side
    std::size_t gemv_rows;     ///< rows that gemv multiplies together
    std::size_t gemm_rows;     ///< rows that gemm multiplies and stores without a remainder
    std::size_t rows_at_once;  ///< most rows that a thread takes at a time; a multiple of both
    pass_costs passes;

    std::array<activation_kernels, 2> activations;         ///< by activation_form, but for floats
    std::array<format_kernels, quant::n_formats> formats;  ///< by quant::format_index
    std::array<attention_kernels, 3> attention;            ///< by cache_type
    elementwise_kernels elementwise;

    [[nodiscard]] const format_kernels& of(const matrix_view& w) const noexcept { return formats[w.format]; }
    [[nodiscard]] const activation_kernels& of(activation_form form) const noexcept {
        return activations[static_cast<std::size_t>(form)];
    }
    [[nodiscard]] const attention_kernels& of(cache_type type) const noexcept {
        return attention[static_cast<std::size_t>(type)];
    }

    /// The kernels for `type`, or nullptr if nibble cannot compute with it.
    [[nodiscard]] const format_kernels* find(data_type type) const noexcept {
        const std::size_t index = quant::format_index(type);
        return index < formats.size() ? &formats[index] : nullptr;
    }
};

NIBBLE_NAMESPACE_END
