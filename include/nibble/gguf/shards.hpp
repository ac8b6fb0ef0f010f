// SPDX-License-Identifier: Apache-2.0
// A model in several files: which files belong together, and what they hold as one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/mapped_file.hpp>
#include <nibble/gguf/directory.hpp>
#include <nibble/gguf/limits.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

/// What a file says about the split that it is a part of.
struct split_info {
    std::uint64_t number = 0;  ///< of the part; the first is 0
    std::uint64_t count = 1;   ///< 1: the model is in this file alone

    friend bool operator==(const split_info&, const split_info&) = default;
};

/// One of the files that hold a model: the only one, or a part of a split.
struct part {
    mapped_file mapping;  ///< empty where the bytes are borrowed
    std::string place;    ///< "file 'PATH'", "buffer 2" of those that the caller owns, or empty
    directory contents;   ///< of this file alone
    split_info split;     ///< what it says of itself
};

namespace detail {

/// What `read` returns; what it throws, with the place in front if there is one.
template <class Read>
std::invoke_result_t<Read> within(const std::string& place, Read&& read) {
    try {
        return std::forward<Read>(read)();
    } catch (const error& problem) {
        if (place.empty()) throw;
        throw problem.within(place);
    }
}

}  // namespace detail

/// What `split.no` and `split.count` say; a file without them, or with a count of 0 or 1, is no part.
[[nodiscard]] NIBBLE_FUNCTION split_info read_split(const directory& contents, const limits& bounds);

/// The only part of a model, from a file without a path by which others could be found. Throws as parse_directory does,
/// and gguf_layout for a part of a split.
[[nodiscard]] NIBBLE_FUNCTION std::vector<part> only_part(mapped_file mapping, std::string place, const limits& bounds);

/// Opens a file, and if it is a part of a split all others, which lie beside it under the names that splits have. In
/// their order. Throws as mapped_file::open and parse_directory do, and gguf_layout for a part that is another one than
/// its name says.
[[nodiscard]] NIBBLE_FUNCTION std::vector<part> open_parts(const std::filesystem::path& path, const limits& bounds,
                                                           file_access access);

/// All parts of a split, given in any order, in their order. Each has a place. Throws gguf_layout for a part that is
/// given twice, is missing, or is of another split, bad_option where there is none.
[[nodiscard]] NIBBLE_FUNCTION std::vector<part> in_order(std::vector<part> given);

/// Opens all parts of a split, given in any order and under any names. In their order. Throws as the other and in_order
/// do.
[[nodiscard]] NIBBLE_FUNCTION std::vector<part> open_parts(array_view<std::filesystem::path> paths,
                                                           const limits& bounds, file_access access);

/// The same for bytes that the caller keeps; errors call them "buffer 1" and so on, as they are given.
[[nodiscard]] NIBBLE_FUNCTION std::vector<part> parse_parts(array_view<std::span<const std::byte>> buffers,
                                                            const limits& bounds);

/// One directory for all parts, in their order: the metadata of the first and what later ones add, and the tensors of
/// all; the rest is of the first. Throws gguf_layout for a key that two parts state differently and where
/// split.tensors.count is not the number of tensors, gguf_duplicate_tensor and gguf_count_too_large.
[[nodiscard]] NIBBLE_FUNCTION directory join(const std::vector<part>& parts, const limits& bounds);

}  // namespace gguf
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/gguf/shards_impl.hpp>
#endif
