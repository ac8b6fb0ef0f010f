// SPDX-License-Identifier: Apache-2.0
// The deep check of a file's weights: every scale and every float is a finite number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/quant/formats.hpp>

NIBBLE_NAMESPACE_BEGIN
/// Reads the whole tensor, so at the speed of the disk. Throws model_bad_weights that names the tensor and the block
/// (of a float type: the value) with an infinity or a NaN. Tensors of types that nibble does not compute with pass.
inline void check_weights(const tensor_view& tensor) {
    if (quant::format_index(tensor.type) == quant::n_formats) return;
    const quant::float_fields fields = quant::floats_of(tensor.type);
    const std::size_t block_bytes = find_data_type(tensor.type)->block_bytes;
    for (std::size_t block = 0; block < tensor.bytes.size() / block_bytes; ++block)
        for (std::size_t field = 0; field < fields.count; ++field) {
            std::uint16_t bits;
            std::memcpy(&bits, tensor.bytes.data() + block * block_bytes + fields.at[field], sizeof bits);
            if ((bits & fields.exponent_mask) == fields.exponent_mask)
                throw error{errc::model_bad_weights, "tensor '" + escaped(tensor.name) + '\'', "finite numbers only",
                            "an infinity or NaN in block " + std::to_string(block)};
        }
}

/// The same for every tensor of the file.
inline void check_weights(const gguf::file& file) {
    for (const auto& tensor : file.tensors()) check_weights(tensor);
}

NIBBLE_NAMESPACE_END
