// SPDX-License-Identifier: Apache-2.0
// Header and metadata of a GGUF file: every count, length and type checked before it is used.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/gguf/directory.hpp>
#include <nibble/gguf/limits.hpp>
#include <nibble/gguf/reader.hpp>
#include <nibble/gguf/value.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

/// The fixed part of the file.
struct header {
    std::uint32_t version = 0;
    std::uint64_t n_tensors = 0;
    std::uint64_t n_metadata = 0;
};

namespace detail {

inline constexpr std::uint64_t header_bytes = 24;
inline constexpr std::uint64_t least_metadata_bytes = 14;  // key length 8, key 1, type 4, value 1
inline constexpr std::uint64_t least_tensor_bytes = 33;    // name length 8, name 1, n_dims 4, dim 8, type 4, offset 8

/// What a file that does not begin with GGUF seems to be, for the message.
[[nodiscard]] inline std::string_view guess_from_magic(std::string_view magic) noexcept {
    if (magic == "<!DO" || magic == "<!do" || magic == "<htm" || magic == "<HTM")
        return " (a web page: the download brought an error page, not the model)";
    if (magic == "vers") return " (a Git LFS pointer? the model itself was not fetched)";
    if (magic == "GGML" || magic == "ggml" || magic == "GGJT" || magic == "tjgg" || magic == "lmgg")
        return " (a format older than GGUF)";
    if (magic == "FUGG") return " (a big-endian GGUF)";
    return "";
}

inline void check_count(reader& in, const char* what, std::uint64_t count, std::uint64_t least_bytes,
                        std::uint64_t limit) {
    if (count > limit)
        in.fail(errc::gguf_count_too_large, what, "at most " + std::to_string(limit), std::to_string(count));
    if (count > in.left() / least_bytes)
        in.fail(errc::gguf_count_too_large, what,
                "at most " + std::to_string(in.left() / least_bytes) + " in the " + std::to_string(in.left()) +
                    " bytes left",
                std::to_string(count));
}

[[nodiscard]] inline value_type read_value_type(reader& in, const char* what) {
    const auto id = in.read<std::uint32_t>(what);
    if (id > static_cast<std::uint32_t>(value_type::f64))
        in.fail(errc::gguf_bad_value_type, what, "a type id of 0 to 12", std::to_string(id));
    return static_cast<value_type>(id);
}

inline void check_bool(reader& in, field what, std::byte stored) {
    if (stored > std::byte{1})
        in.fail(errc::gguf_bad_bool, what, "0 or 1", std::to_string(std::to_integer<unsigned>(stored)));
}

/// Everything after the type of an array value. Linear in the bytes and without allocation.
[[nodiscard]] inline value read_array(reader& in, const limits& bounds) {
    const value_type element = read_value_type(in, "array element type");
    if (element == value_type::array)
        in.fail(errc::gguf_nested_array, "array element type", "a scalar or string type", "array");

    const auto count = in.read<std::uint64_t>("array length");
    const std::uint64_t least_bytes = element == value_type::string ? sizeof(std::uint64_t) : fixed_size(element);
    if (count > in.left() / least_bytes)
        in.fail(errc::gguf_array_too_long, "array length",
                "at most " + std::to_string(in.left() / least_bytes) + " elements in the " + std::to_string(in.left()) +
                    " bytes left",
                std::to_string(count));
    if (count > bounds.array_elements)
        in.fail(errc::gguf_array_too_long, "array length", "at most " + std::to_string(bounds.array_elements),
                std::to_string(count));

    if (element == value_type::string) return {element, count, in.take_strings(count, bounds.string_bytes)};
    // count * fixed_size is at most left(), see above
    const auto elements = in.take(count * fixed_size(element), "array elements");
    if (element == value_type::boolean)
        for (std::size_t i = 0; i < elements.size(); ++i) check_bool(in, {"element", i}, elements[i]);
    return {element, count, elements};
}

[[nodiscard]] inline value read_value(reader& in, const limits& bounds) {
    const value_type type = read_value_type(in, "value type");
    if (type == value_type::array) return read_array(in, bounds);
    if (type == value_type::string) {
        const auto text = in.read_string("value", bounds.string_bytes, errc::gguf_string_too_long);
        return {type, as_bytes(text)};
    }
    const auto bytes = in.take(fixed_size(type), "value");
    if (type == value_type::boolean) check_bool(in, "value", bytes.front());
    return {type, bytes};
}

/// Printable ASCII, as every key of the specification is: what looks equal is equal, and messages stay one line.
[[nodiscard]] inline std::string_view read_key(reader& in, const limits& bounds) {
    const auto key = in.read_string("key", bounds.key_bytes, errc::gguf_bad_key);
    if (key.empty()) in.fail(errc::gguf_bad_key, "key", "at least 1 byte", "length 0");
    const auto printable = [](char c) { return c >= 0x20 && c < 0x7f; };
    if (!all_of(key, printable)) in.fail(errc::gguf_bad_key, "key", "printable ASCII", "'" + escaped(key) + "'");
    return key;
}

}  // namespace detail

/// Magic, version and counts. Leaves the reader after them.
[[nodiscard]] inline header read_header(reader& in, const limits& bounds) {
    if (in.left() < 4)
        in.fail(errc::gguf_truncated, "magic", "a header of " + std::to_string(detail::header_bytes) + " bytes",
                std::to_string(in.left()) + " left");
    const std::string_view magic = as_text(in.take(4, "magic"));
    if (magic != "GGUF")
        in.fail(errc::gguf_bad_magic, "magic", "'GGUF'",
                "'" + escaped(magic) + "'" + std::string{detail::guess_from_magic(magic)});

    header result;
    result.version = in.read<std::uint32_t>("version");
    if (result.version != 0 && (result.version & 0xffff) == 0)  // a small number with its bytes reversed
        in.fail(errc::gguf_wrong_endian, "version", "a little-endian file", "a big-endian one");
    if (result.version != 2 && result.version != 3)
        in.fail(errc::gguf_bad_version, "version", "2 or 3", std::to_string(result.version) + " (not supported)");

    result.n_tensors = in.read<std::uint64_t>("tensor count");
    detail::check_count(in, "tensor count", result.n_tensors, detail::least_tensor_bytes, bounds.tensors);
    result.n_metadata = in.read<std::uint64_t>("metadata count");
    detail::check_count(in, "metadata count", result.n_metadata, detail::least_metadata_bytes, bounds.metadata_entries);
    return result;
}

/// The key/value pairs, in file order; keys are unique. Leaves the reader after them.
inline void read_metadata(reader& in, std::uint64_t count, const limits& bounds, directory& out) {
    out.metadata.reserve(static_cast<std::size_t>(count));  // at most left / 14, see read_header
    for (std::uint64_t i = 0; i < count; ++i) {
        in.begin_entry("key", i);
        const std::uint64_t offset = in.offset();
        const std::string_view key = detail::read_key(in, bounds);
        in.name_entry(key);
        out.metadata.push_back({key, detail::read_value(in, bounds), offset});
        if (in.offset() > bounds.metadata_bytes)
            in.fail(errc::limit_exceeded, "end of the value",
                    "at most " + std::to_string(bounds.metadata_bytes) + " bytes of metadata",
                    std::to_string(in.offset()));
    }
    const auto key_of = [&](std::size_t i) { return out.metadata[i].key; };
    out.keys = name_index{out.metadata.size(), key_of};
    if (const auto twice = out.keys.first_duplicate(key_of))
        throw error{errc::gguf_duplicate_key, "key '" + escaped(key_of(twice->second)) + "'", "one entry",
                    "a second one after that at byte " + std::to_string(out.metadata[twice->first].offset),
                    out.metadata[twice->second].offset};
}

/// `general.alignment`, or the default of the specification.
[[nodiscard]] inline std::uint64_t read_alignment(const directory& contents) {
    constexpr std::string_view key = "general.alignment";
    constexpr std::uint64_t most = 65'536;  // a larger one only serves to inflate the file
    const value* stored = contents.find(key);
    if (!stored) return 32;
    const auto fail = [&](errc code, std::string expected, std::string got) {
        const auto entry = std::find_if(contents.metadata.begin(), contents.metadata.end(),
                                        [&](const key_value& kv) { return kv.key == key; });
        throw error{code, "key 'general.alignment'", std::move(expected), std::move(got), entry->offset};
    };
    if (stored->type() != value_type::u32) fail(errc::model_wrong_type, "u32", std::string{name_of(stored->type())});
    const std::uint64_t alignment = *stored->as_unsigned();
    if (!std::has_single_bit(alignment) || alignment < 8 || alignment > most)
        fail(errc::gguf_bad_alignment, "a power of two from 8 to " + std::to_string(most), std::to_string(alignment));
    return alignment;
}

}  // namespace gguf
NIBBLE_NAMESPACE_END
