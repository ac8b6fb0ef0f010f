// SPDX-License-Identifier: Apache-2.0
// Which function serves which weight format on which instruction set: the tables, and the choice at run time.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include <nibble/core/cpu.hpp>
#include <nibble/kernels/elementwise/elementwise.hpp>
#include <nibble/kernels/panel.hpp>
#include <nibble/kernels/panel_avx2.hpp>
#include <nibble/kernels/panel_avx512.hpp>
#include <nibble/kernels/quantize.hpp>
#include <nibble/kernels/quantize_avx2.hpp>
#include <nibble/kernels/rows.hpp>
#include <nibble/kernels/rows_avx2.hpp>
#include <nibble/kernels/swiglu.hpp>
#include <nibble/quant/formats.hpp>
#include <nibble/simd/isa.hpp>

NIBBLE_NAMESPACE_BEGIN

/// In which form a weight format wants its activations.
enum class activation_form { blocks_of_256, blocks_of_32, floats };

/// The kernels of one weight format.
struct format_kernels {
    data_type type;
    activation_form form;
    kernels::decode_function decode;  ///< one row to floats: the embedding lookup
    kernels::rows_function rows;      ///< few tokens (any number, but meant for few)
    kernels::panel_function panel;    ///< many tokens; nullptr: `rows` serves them too
    std::string_view isa;             ///< which instruction set they are written for
};

/// All kernels of one instruction set. A constant table; immutable and shared by everyone.
struct kernel_set {
    std::string_view name;
    std::size_t panel_lanes;  ///< tokens in a group of the panel form
    std::size_t panel_from;   ///< least number of tokens for which `panel` is faster than `rows`
    kernels::quantize_row_function quantize_row_256, quantize_row_32;
    kernels::quantize_panel_function quantize_panel_256, quantize_panel_32;
    std::size_t group_bytes_256, group_bytes_32;  ///< one block of a group in the panel form
    kernels::swiglu_function swiglu;
    std::array<format_kernels, quant::n_formats> formats;
    elementwise_kernels elementwise = kernels::elementwise_scalar::table;

    /// The kernels for `type`, or nullptr if nibble cannot compute with it.
    [[nodiscard]] const format_kernels* find(data_type type) const noexcept {
        for (const auto& kernels : formats)
            if (kernels.type == type) return &kernels;
        return nullptr;
    }
};

namespace kernels {

#if NIBBLE_X86_64
template <class Isa, class F>
constexpr panel_function panel_of() noexcept {
    if constexpr (std::is_base_of_v<isa::avx512_vnni, Isa>) return panel_product<panel_kernel_avx512, F>;
    return panel_product<panel_kernel_avx2, F>;
}
#endif

template <class Isa, class F>
constexpr format_kernels format_row() noexcept {
    if constexpr (quant::block_format<F>) {
        constexpr auto form = F::block_size == 256 ? activation_form::blocks_of_256 : activation_form::blocks_of_32;
#if NIBBLE_X86_64
        if constexpr (std::is_base_of_v<isa::avx2, Isa>)
            return {F::type, form, decode_blocks<F>, rows_avx2<F>, panel_of<Isa, F>(), Isa::name};
#endif
        return {F::type, form, decode_blocks<F>, rows_scalar<F>, nullptr, isa::scalar::name};
    } else {
#if NIBBLE_X86_64
        if constexpr (std::is_base_of_v<isa::avx2, Isa>)
            return {F::type, activation_form::floats, decode_floats<F>, float_rows_avx2<F>, nullptr, isa::avx2::name};
#endif
        return {F::type, activation_form::floats, decode_floats<F>, float_rows_scalar<F>, nullptr, isa::scalar::name};
    }
}

template <class Isa, class... F>
constexpr std::array<format_kernels, quant::n_formats> format_rows(quant::format_list<F...>) noexcept {
    return {format_row<Isa, F>()...};
}

}  // namespace kernels

/// The specification itself, for tests and for CPUs without a set of their own.
inline constexpr kernel_set scalar_kernels{isa::scalar::name,
                                           1,
                                           static_cast<std::size_t>(-1),
                                           kernels::quantize_row_scalar<256>,
                                           kernels::quantize_row_scalar<32>,
                                           nullptr,
                                           nullptr,
                                           0,
                                           0,
                                           kernels::swiglu_scalar,
                                           kernels::format_rows<isa::scalar>(quant::formats{})};

#if NIBBLE_X86_64
inline constexpr kernel_set avx2_kernels{isa::avx2::name,
                                         kernels::panel_lanes_avx2,
                                         7,
                                         kernels::quantize_row_avx2<256>,
                                         kernels::quantize_row_avx2<32>,
                                         kernels::quantize_panel_avx2<256>,
                                         kernels::quantize_panel_avx2<32>,
                                         sizeof(kernels::token_panel_avx2<256>),
                                         sizeof(kernels::token_panel_avx2<32>),
                                         kernels::swiglu_avx2,
                                         kernels::format_rows<isa::avx2>(quant::formats{})};

/// Few tokens stay with AVX2: memory bounds them more than the instructions do.
inline constexpr kernel_set avx512_vnni_kernels{isa::avx512_vnni::name,
                                                kernels::panel_lanes_avx512,
                                                7,
                                                kernels::quantize_row_avx2<256>,
                                                kernels::quantize_row_avx2<32>,
                                                kernels::quantize_panel_avx512<256>,
                                                kernels::quantize_panel_avx512<32>,
                                                sizeof(kernels::token_panel_avx512<256>),
                                                sizeof(kernels::token_panel_avx512<32>),
                                                kernels::swiglu_avx2,
                                                kernels::format_rows<isa::avx512_vnni>(quant::formats{})};
#endif

/// The fastest set that `cpu` can run. Every set gives the same bits.
[[nodiscard]] inline const kernel_set& best_kernels(const cpu_features& cpu) noexcept {
#if NIBBLE_X86_64
    if (cpu.avx512_vnni) return avx512_vnni_kernels;
    if (cpu.avx2) return avx2_kernels;
#endif
    (void)cpu;
    return scalar_kernels;
}

NIBBLE_NAMESPACE_END
