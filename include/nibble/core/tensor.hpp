// SPDX-License-Identifier: Apache-2.0
// Element types of GGUF tensors and the non-owning views through which all code sees weights.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

// clang-format off
/// Element type of a tensor; the values are the type ids of the GGUF specification.
enum class data_type : std::uint32_t {
    f32 = 0, f16 = 1, q4_0 = 2, q4_1 = 3, q5_0 = 6, q5_1 = 7, q8_0 = 8, q8_1 = 9, q2_k = 10, q3_k = 11, q4_k = 12,
    q5_k = 13, q6_k = 14, q8_k = 15, iq2_xxs = 16, iq2_xs = 17, iq3_xxs = 18, iq1_s = 19, iq4_nl = 20, iq3_s = 21,
    iq2_s = 22, iq4_xs = 23, i8 = 24, i16 = 25, i32 = 26, i64 = 27, f64 = 28, iq1_m = 29, bf16 = 30, tq1_0 = 34,
    tq2_0 = 35, mxfp4 = 39, nvfp4 = 40, q1_0 = 41, q2_0 = 42,
};

/// Name and block geometry of a data_type: `block_size` consecutive values take `block_bytes` bytes.
struct data_type_info {
    data_type type;
    std::string_view name;
    std::uint32_t block_size;
    std::uint32_t block_bytes;
};

/// Every type that a GGUF file may legally hold, whether nibble computes with it or only lists it.
inline constexpr std::array data_types{
    data_type_info{data_type::f32, "F32", 1, 4},         data_type_info{data_type::f16, "F16", 1, 2},
    data_type_info{data_type::q4_0, "Q4_0", 32, 18},     data_type_info{data_type::q4_1, "Q4_1", 32, 20},
    data_type_info{data_type::q5_0, "Q5_0", 32, 22},     data_type_info{data_type::q5_1, "Q5_1", 32, 24},
    data_type_info{data_type::q8_0, "Q8_0", 32, 34},     data_type_info{data_type::q8_1, "Q8_1", 32, 36},
    data_type_info{data_type::q2_k, "Q2_K", 256, 84},    data_type_info{data_type::q3_k, "Q3_K", 256, 110},
    data_type_info{data_type::q4_k, "Q4_K", 256, 144},   data_type_info{data_type::q5_k, "Q5_K", 256, 176},
    data_type_info{data_type::q6_k, "Q6_K", 256, 210},   data_type_info{data_type::q8_k, "Q8_K", 256, 292},
    data_type_info{data_type::iq2_xxs, "IQ2_XXS", 256, 66}, data_type_info{data_type::iq2_xs, "IQ2_XS", 256, 74},
    data_type_info{data_type::iq3_xxs, "IQ3_XXS", 256, 98}, data_type_info{data_type::iq1_s, "IQ1_S", 256, 50},
    data_type_info{data_type::iq4_nl, "IQ4_NL", 32, 18}, data_type_info{data_type::iq3_s, "IQ3_S", 256, 110},
    data_type_info{data_type::iq2_s, "IQ2_S", 256, 82},  data_type_info{data_type::iq4_xs, "IQ4_XS", 256, 136},
    data_type_info{data_type::i8, "I8", 1, 1},           data_type_info{data_type::i16, "I16", 1, 2},
    data_type_info{data_type::i32, "I32", 1, 4},         data_type_info{data_type::i64, "I64", 1, 8},
    data_type_info{data_type::f64, "F64", 1, 8},         data_type_info{data_type::iq1_m, "IQ1_M", 256, 56},
    data_type_info{data_type::bf16, "BF16", 1, 2},       data_type_info{data_type::tq1_0, "TQ1_0", 256, 54},
    data_type_info{data_type::tq2_0, "TQ2_0", 256, 66},  data_type_info{data_type::mxfp4, "MXFP4", 32, 17},
    data_type_info{data_type::nvfp4, "NVFP4", 64, 36},   data_type_info{data_type::q1_0, "Q1_0", 128, 18},
    data_type_info{data_type::q2_0, "Q2_0", 64, 18},
};

// clang-format on

/// Geometry of `type`, or nullptr for an id that no GGUF type has.
[[nodiscard]] constexpr const data_type_info* find_data_type(data_type type) noexcept {
    for (const auto& info : data_types)
        if (info.type == type) return &info;
    return nullptr;
}

/// Name of a type for messages; "unknown" for an id that no GGUF type has.
[[nodiscard]] constexpr std::string_view name_of(data_type type) noexcept {
    const auto* info = find_data_type(type);
    return info ? info->name : std::string_view{"unknown"};
}

/// A tensor as it lies in the file. `dims[0]` is the contiguous row length (GGUF order); unused dims are 1.
/// Borrows name and bytes from the open file.
struct tensor_view {
    std::string_view name;
    data_type type = data_type::f32;
    std::uint32_t n_dims = 1;
    std::array<std::uint64_t, 4> dims{1, 1, 1, 1};
    std::span<const std::byte> bytes;  ///< exactly the tensor's data; empty when the type's size is not known
};

/// A weight matrix: row r, `depth` values in the file's blocks, starts at `data + r * row_bytes`; never converted.
/// y = W x has `depth` inputs and `n_rows` outputs. Borrows its bytes. Made by view_matrix (quant/formats.hpp).
struct matrix_view {
    data_type type = data_type::f32;
    std::uint8_t format = 0;  ///< of `type` in quant::formats: which kernels of a set serve it
    std::size_t n_rows = 0;
    std::size_t depth = 0;
    std::size_t row_bytes = 0;
    const std::byte* data = nullptr;

    [[nodiscard]] bool empty() const noexcept { return n_rows == 0; }
    [[nodiscard]] const std::byte* row(std::size_t r) const noexcept { return data + r * row_bytes; }

    /// Rows first .. first + count - 1: a part of a fused tensor, or one expert, is a matrix too.
    [[nodiscard]] matrix_view rows(std::size_t first, std::size_t count) const noexcept {
        matrix_view part = *this;
        part.n_rows = count;
        part.data = row(first);
        return part;
    }
};

NIBBLE_NAMESPACE_END
