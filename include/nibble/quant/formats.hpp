// SPDX-License-Identifier: Apache-2.0
// The list of weight formats. A new format is a folder beside this file and its lines in it, in formats_avx2.hpp and in
// formats_portable.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <nibble/quant/bf16/block.hpp>
#include <nibble/quant/f16/block.hpp>
#include <nibble/quant/f32/block.hpp>
#include <nibble/quant/iq4_nl/block.hpp>
#include <nibble/quant/iq4_xs/block.hpp>
#include <nibble/quant/mxfp4/block.hpp>
#include <nibble/quant/q2_k/block.hpp>
#include <nibble/quant/q3_k/block.hpp>
#include <nibble/quant/q4_0/block.hpp>
#include <nibble/quant/q4_1/block.hpp>
#include <nibble/quant/q4_k/block.hpp>
#include <nibble/quant/q5_0/block.hpp>
#include <nibble/quant/q5_1/block.hpp>
#include <nibble/quant/q5_k/block.hpp>
#include <nibble/quant/q6_k/block.hpp>
#include <nibble/quant/q8_0/block.hpp>
#include <nibble/quant/tq1_0/block.hpp>
#include <nibble/quant/tq2_0/block.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace quant {

/// A list of format types.
template <class... F>
struct format_list {
    static constexpr std::size_t size = sizeof...(F);
    static constexpr std::array<data_type, size> types{F::type...};
};

/// Every format that nibble computes with.
using formats = format_list<q2_k, q3_k, q4_k, q5_k, q6_k, q8_0, q4_0, q4_1, q5_0, q5_1, iq4_xs, iq4_nl, mxfp4, tq1_0,
                            tq2_0, f16, bf16, f32>;

inline constexpr std::size_t n_formats = formats::size;

/// Where `type` stands in `formats`; n_formats for a type that nibble does not compute with.
[[nodiscard]] constexpr std::size_t format_index(data_type type) noexcept {
    std::size_t index = 0;
    while (index < n_formats && formats::types[index] != type) ++index;
    return index;
}

namespace detail {

template <class... F, class Visit>
constexpr void visit_formats(format_list<F...>, const Visit& visit) {
    std::size_t index = 0;
    (visit.template operator()<F>(index++), ...);
}

}  // namespace detail

/// Calls visit.operator()<F>(index) for each format F, in the order of `formats`.
template <class Visit>
constexpr void for_each_format(const Visit& visit) {
    detail::visit_formats(formats{}, visit);
}

/// Where a block of `type`, one of `formats`, holds floating-point numbers.
[[nodiscard]] constexpr float_fields floats_of(data_type type) noexcept {
    float_fields fields{};
    for_each_format([&]<class F>(std::size_t) {
        if (F::type == type) fields = F::floats;
    });
    return fields;
}

namespace detail {

/// Whether F says of a block what the container's table of types says, and what kernels rely on.
template <class F>
constexpr bool is_laid_out() noexcept {
    const data_type_info& info = *find_data_type(F::type);
    if constexpr (block_format<F>)
        return info.block_size == F::block_size && info.block_bytes == sizeof(typename F::block) &&
               F::floats.count == (F::has_min ? 2 : 1) && (!F::has_min || F::floats.at[1] == F::floats.at[0] + 2);
    else
        return info.block_size == 1 && info.block_bytes == F::value_bytes;
}

template <class... F>
constexpr bool are_laid_out(format_list<F...>) noexcept {
    return (is_laid_out<F>() && ...);
}
static_assert(are_laid_out(formats{}));

}  // namespace detail
}  // namespace quant

/// `n_rows` rows of `depth` weights as they lie in a file: `type` is one of quant::formats, and its blocks divide a
/// row.
[[nodiscard]] inline matrix_view view_matrix(data_type type, std::size_t n_rows, std::size_t depth,
                                             const std::byte* data) noexcept {
    const data_type_info& info = *find_data_type(type);
    return {.type = type,
            .format = static_cast<std::uint8_t>(quant::format_index(type)),
            .n_rows = n_rows,
            .depth = depth,
            .row_bytes = depth / info.block_size * info.block_bytes,
            .data = data};
}

NIBBLE_NAMESPACE_END
