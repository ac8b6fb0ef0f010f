// SPDX-License-Identifier: Apache-2.0
// The deep check of a file's weights: every scale and every float is a finite number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/file.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Where a block holds its floating-point numbers; its other bytes are integers, any of which is fine.
struct float_fields {
    data_type type;
    std::uint16_t exponent_mask;  ///< all bits set: infinity or NaN. Of a float, its upper half is looked at.
    std::uint8_t count;
    std::array<std::uint8_t, 2> at;
};

inline constexpr std::array block_float_fields{
    float_fields{data_type::f32, 0x7f80, 1, {2}},     float_fields{data_type::f16, 0x7c00, 1, {0}},
    float_fields{data_type::bf16, 0x7f80, 1, {0}},    float_fields{data_type::q4_0, 0x7c00, 1, {0}},
    float_fields{data_type::q4_1, 0x7c00, 2, {0, 2}}, float_fields{data_type::q5_0, 0x7c00, 1, {0}},
    float_fields{data_type::q5_1, 0x7c00, 2, {0, 2}}, float_fields{data_type::q8_0, 0x7c00, 1, {0}},
    float_fields{data_type::q4_k, 0x7c00, 2, {0, 2}}, float_fields{data_type::q5_k, 0x7c00, 2, {0, 2}},
    float_fields{data_type::q6_k, 0x7c00, 1, {208}},
};

}  // namespace detail

/// Reads the whole tensor, so at the speed of the disk. Throws model_bad_weights that names the tensor and the block
/// (of a float type: the value) with an infinity or a NaN. Tensors of types that nibble does not compute with pass.
inline void check_weights(const tensor_view& tensor) {
    for (const auto& fields : detail::block_float_fields) {
        if (fields.type != tensor.type) continue;
        const std::size_t block_bytes = find_data_type(tensor.type)->block_bytes;
        for (std::size_t block = 0; block < tensor.bytes.size() / block_bytes; ++block)
            for (std::size_t field = 0; field < fields.count; ++field) {
                std::uint16_t bits;
                std::memcpy(&bits, tensor.bytes.data() + block * block_bytes + fields.at[field], sizeof bits);
                if ((bits & fields.exponent_mask) == fields.exponent_mask)
                    throw error{errc::model_bad_weights, "tensor '" + escaped(tensor.name) + '\'',
                                "finite numbers only", "an infinity or NaN in block " + std::to_string(block)};
            }
    }
}

/// The same for every tensor of the file.
inline void check_weights(const gguf::file& file) {
    for (const auto& tensor : file.tensors()) check_weights(tensor);
}

NIBBLE_NAMESPACE_END
