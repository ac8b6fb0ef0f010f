// SPDX-License-Identifier: Apache-2.0
// Definitions of model/check_weights.hpp: block by block, byte by byte.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/check_weights.hpp>
#include <nibble/quant/formats.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION std::optional<std::size_t> find_bad_block(const tensor_view& tensor, std::size_t begin) {
    if (quant::format_index(tensor.type) == quant::n_formats) return {};
    const quant::float_fields fields = quant::floats_of(tensor.type);
    const std::size_t block_bytes = find_data_type(tensor.type)->block_bytes;
    for (std::size_t block = begin; block < tensor.bytes.size() / block_bytes; ++block)
        for (std::size_t field = 0; field < fields.count; ++field) {
            std::uint16_t bits;
            std::memcpy(&bits, tensor.bytes.data() + block * block_bytes + fields.at[field], sizeof bits);
            if ((bits & fields.exponent_mask) == fields.exponent_mask) return block;
        }
    return {};
}

NIBBLE_FUNCTION std::vector<std::size_t> find_bad_rows(const tensor_view& tensor) {
    std::vector<std::size_t> rows;
    const std::size_t row_blocks = static_cast<std::size_t>(tensor.dims[0] / find_data_type(tensor.type)->block_size);
    for (auto block = find_bad_block(tensor); block; block = find_bad_block(tensor, (rows.back() + 1) * row_blocks))
        rows.push_back(*block / row_blocks);
    return rows;
}

namespace detail {

NIBBLE_FUNCTION std::string tensor_place(const gguf::file& file, const tensor_view& tensor) {
    std::string place = "tensor '" + escaped(tensor.name) + '\'';
    return file.parts().size() == 1 ? place : file.part_of(tensor).place + ": " + place;
}

}  // namespace detail

NIBBLE_FUNCTION void check_finite(const gguf::file& file, const tensor_view& tensor) {
    if (const auto block = find_bad_block(tensor))
        throw error{errc::model_bad_weights, detail::tensor_place(file, tensor), "finite numbers only",
                    "an infinity or NaN in block " + std::to_string(*block),
                    file.offset_of(tensor) + *block * find_data_type(tensor.type)->block_bytes};
}

NIBBLE_FUNCTION void check_not_zero(const gguf::file& file, const tensor_view& tensor) {
    const auto is_zero = [](std::byte b) { return b == std::byte{}; };
    if (tensor.name.ends_with(".bias") || !all_of(tensor.bytes, is_zero)) return;
    const gguf::directory& part = file.part_of(tensor).contents;
    const auto first = static_cast<std::size_t>(part.data_offset), end = static_cast<std::size_t>(part.data_end);
    const auto at = static_cast<std::size_t>(file.offset_of(tensor));
    const auto before = part.bytes.subspan(first, at - first), after = part.bytes.first(end).subspan(at);
    const auto zeros_before = std::find_if_not(before.rbegin(), before.rend(), is_zero) - before.rbegin();
    const auto zeros_after = std::find_if_not(after.begin(), after.end(), is_zero) - after.begin();
    const std::size_t begin = at - static_cast<std::size_t>(zeros_before);
    const std::size_t stop = at + static_cast<std::size_t>(zeros_after);
    throw error{errc::model_bad_weights, detail::tensor_place(file, tensor), "weights",
                "zeros only, as from byte " + std::to_string(begin) + " to " +
                    (stop == end ? "the end" : std::to_string(stop)) + " of the file: was a download cut off?",
                begin};
}

NIBBLE_FUNCTION zero_run longest_zero_run(const tensor_view& tensor) {
    zero_run longest, now;
    for (std::size_t i = 0; i < tensor.bytes.size(); ++i) {
        if (tensor.bytes[i] != std::byte{}) {
            now = {i + 1, 0};
        } else if (++now.size > longest.size) {
            longest = now;
        }
    }
    return longest;
}

NIBBLE_FUNCTION void check_weights(const gguf::file& file) {
    for (const auto& tensor : file.tensors()) {
        check_finite(file, tensor);
        check_not_zero(file, tensor);
    }
}

NIBBLE_NAMESPACE_END
