// SPDX-License-Identifier: Apache-2.0
// Tensor table of a GGUF file, and the proof that the data it describes lies in the file without overlap or holes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/checked.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/directory.hpp>
#include <nibble/gguf/limits.hpp>
#include <nibble/gguf/reader.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {
namespace detail {

/// Where the table says that a tensor's data lies, before that is checked.
struct extent {
    std::uint64_t offset = 0;        ///< from the start of the data
    std::uint64_t size = 0;          ///< bytes, computed once from shape and type
    std::uint64_t field_offset = 0;  ///< of `offset` in the file, for errors
};

/// Not empty, no control bytes, and nothing that could act as a path.
[[nodiscard]] inline std::string_view read_tensor_name(reader& in, const limits& bounds) {
    const auto name = in.read_string("name", bounds.tensor_name_bytes, errc::gguf_bad_tensor_name);
    if (name.empty()) in.fail(errc::gguf_bad_tensor_name, "name", "at least 1 byte", "length 0");
    const auto unfit = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/'; };
    if (any_of(name, unfit) || name.find("..") != std::string_view::npos)
        in.fail(errc::gguf_bad_tensor_name, "name", "no control bytes, '/' or '..'", "'" + escaped(name) + "'");
    return name;
}

inline void read_dims(reader& in, tensor_view& tensor) {
    tensor.n_dims = in.read<std::uint32_t>("number of dimensions");
    if (tensor.n_dims < 1 || tensor.n_dims > tensor.dims.size())
        in.fail(errc::gguf_bad_dims, "number of dimensions", "1 to 4", std::to_string(tensor.n_dims));
    for (std::uint32_t d = 0; d < tensor.n_dims; ++d) {
        tensor.dims[d] = in.read<std::uint64_t>({"dimension", d});
        if (tensor.dims[d] < 1 || tensor.dims[d] >> 63 != 0)
            in.fail(errc::gguf_bad_dims, {"dimension", d}, "1 to 2^63 - 1", std::to_string(tensor.dims[d]));
    }
}

[[nodiscard]] inline const data_type_info& read_data_type(reader& in) {
    struct removed_type {
        std::uint32_t id;
        std::string_view name, instead;
    };
    constexpr removed_type removed[] = {
        // once in use; readers of today have no size for their blocks
        {4, "Q4_2", "Q4_0"},
        {5, "Q4_3", "Q4_1"},
        {31, "Q4_0_4_4", "Q4_0"},
        {32, "Q4_0_4_8", "Q4_0"},
        {33, "Q4_0_8_8", "Q4_0"},
        {36, "IQ4_NL_4_4", "IQ4_NL or Q4_0"},
        {37, "IQ4_NL_4_8", "IQ4_NL or Q4_0"},
        {38, "IQ4_NL_8_8", "IQ4_NL or Q4_0"},
    };
    const auto id = in.read<std::uint32_t>("type");
    if (const auto* info = find_data_type(static_cast<data_type>(id))) return *info;
    for (const auto& type : removed)
        if (type.id == id)
            in.fail(errc::gguf_bad_tensor_type, "type", "a tensor type of the specification",
                    std::string{type.name} + ", which was removed from it: get the model as " +
                        std::string{type.instead});
    in.fail(errc::gguf_bad_tensor_type, "type", "a tensor type of the specification",
            std::to_string(id) + " (unknown)");
}

/// Bytes of a tensor: the one place where a shape becomes a size. Divides before it multiplies.
[[nodiscard]] inline std::uint64_t data_size(reader& in, const tensor_view& tensor, const data_type_info& type) {
    if (tensor.dims[0] % type.block_size != 0)
        in.fail(errc::gguf_row_not_block_multiple, "dimension 0",
                "a multiple of " + std::to_string(type.block_size) + " for " + std::string{type.name},
                std::to_string(tensor.dims[0]));
    const auto row_bytes = checked_size{tensor.dims[0] / type.block_size} * type.block_bytes;
    const auto size = (row_bytes * tensor.dims[1] * tensor.dims[2] * tensor.dims[3]).value();
    if (!size) {
        std::string shape;
        for (std::uint32_t d = 0; d < tensor.n_dims; ++d)
            shape += (d == 0 ? "[" : ", ") + std::to_string(tensor.dims[d]);
        in.fail(errc::gguf_size_overflow, "size", "fewer than 2^64 bytes", shape + "] of " + std::string{type.name});
    }
    return *size;
}

[[noreturn]] inline void fail_extent(errc code, const tensor_view& tensor, const extent& where, std::string expected,
                                     std::string got) {
    throw error{code, "tensor '" + escaped(tensor.name) + "': offset", std::move(expected), std::move(got),
                where.field_offset};
}

/// One tensor alone: inside the data of `data_bytes` bytes, and aligned.
inline void check_extent(const tensor_view& tensor, const extent& where, std::uint64_t data_bytes,
                         std::uint64_t alignment) {
    const auto outside = [&] {
        fail_extent(errc::gguf_offset_out_of_range, tensor, where,
                    "data inside the " + std::to_string(data_bytes) + " bytes that the file has for it",
                    std::to_string(where.size) + " bytes from " + std::to_string(where.offset) +
                        " (is the file cut short?)");
    };
    if (where.offset > data_bytes) outside();
    if (where.offset % alignment != 0)
        fail_extent(errc::gguf_offset_unaligned, tensor, where, "a multiple of " + std::to_string(alignment),
                    std::to_string(where.offset));
    if (where.size > data_bytes - where.offset) outside();
}

/// All tensors together, in any order: no two overlap, and nothing but padding lies before or between them, so
/// that a file cannot carry bytes that no reader of its table sees. Returns the end of the last one.
[[nodiscard]] inline std::uint64_t check_layout(array_view<tensor_view> tensors, array_view<extent> extents,
                                                std::uint64_t alignment) {
    std::vector<std::size_t> order(extents.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return extents[a].offset != extents[b].offset ? extents[a].offset < extents[b].offset : a < b;
    });
    std::uint64_t end = 0;  // of the tensors before; inside the file, so that adding the padding cannot overflow
    std::string_view before;
    for (const std::size_t i : order) {
        const extent& here = extents[i];
        if (here.offset < end)
            fail_extent(errc::gguf_tensor_overlap, tensors[i], here,
                        "at least " + std::to_string(end) + ", the end of '" + escaped(before) + "'",
                        std::to_string(here.offset));
        if (here.offset - end >= alignment)
            fail_extent(errc::gguf_layout, tensors[i], here,
                        "less than " + std::to_string(alignment) + " bytes of padding after " + std::to_string(end),
                        std::to_string(here.offset));
        end = here.offset + here.size;
        before = tensors[i].name;
    }
    return end;
}

}  // namespace detail

/// The tensor table and the bytes of each tensor; names are unique. The reader stands at the table.
inline void read_tensors(reader& in, std::uint64_t count, const limits& bounds, directory& out) {
    std::vector<detail::extent> extents;
    extents.reserve(static_cast<std::size_t>(count));  // at most left / 33, see read_header
    out.tensors.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
        in.begin_entry("tensor", i);
        tensor_view tensor;
        tensor.name = detail::read_tensor_name(in, bounds);
        in.name_entry(tensor.name);
        detail::read_dims(in, tensor);
        const data_type_info& type = detail::read_data_type(in);
        tensor.type = type.type;
        const std::uint64_t size = detail::data_size(in, tensor, type);
        const std::uint64_t field_offset = in.offset();
        extents.push_back({in.read<std::uint64_t>("offset"), size, field_offset});
        out.tensors.push_back(tensor);
    }
    const auto name_of = [&](std::size_t i) { return out.tensors[i].name; };
    out.names = name_index{out.tensors.size(), name_of};
    if (const auto twice = out.names.first_duplicate(name_of))
        throw error{errc::gguf_duplicate_tensor, "tensor '" + escaped(name_of(twice->second)) + "'", "one entry",
                    "tensors " + std::to_string(twice->first) + " and " + std::to_string(twice->second),
                    extents[twice->second].field_offset};

    // in.offset() is inside the file and the alignment small: no overflow
    out.data_offset = (in.offset() + out.alignment - 1) / out.alignment * out.alignment;
    out.data_end = std::min<std::uint64_t>(out.data_offset, out.bytes.size());
    if (out.tensors.empty()) return;  // a vocabulary alone: the padding may be missing
    if (out.data_offset > out.bytes.size())
        throw error{errc::gguf_truncated, "tensor data", "data from byte " + std::to_string(out.data_offset),
                    "a file of " + std::to_string(out.bytes.size()) + " bytes", in.offset()};

    const std::uint64_t data_bytes = out.bytes.size() - out.data_offset;
    for (std::size_t i = 0; i < extents.size(); ++i)
        detail::check_extent(out.tensors[i], extents[i], data_bytes, out.alignment);
    out.data_end = out.data_offset + detail::check_layout(out.tensors, extents, out.alignment);
    for (std::size_t i = 0; i < extents.size(); ++i)
        out.tensors[i].bytes = out.bytes.subspan(static_cast<std::size_t>(out.data_offset + extents[i].offset),
                                                 static_cast<std::size_t>(extents[i].size));
}

}  // namespace gguf
NIBBLE_NAMESPACE_END
