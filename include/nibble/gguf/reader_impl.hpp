// SPDX-License-Identifier: Apache-2.0
// Definitions of gguf/reader.hpp: bounded reads, and what is said where one fails.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <nibble/core/error.hpp>
#include <nibble/gguf/reader.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

NIBBLE_FUNCTION void reader::begin_entry(std::string_view kind, std::uint64_t index) noexcept {
    kind_ = kind;
    index_ = index;
    name_ = {};
}

NIBBLE_FUNCTION std::span<const std::byte> reader::take(std::uint64_t count, field what) {
    field_start_ = offset_;
    if (count > left())
        fail(errc::gguf_truncated, what, std::to_string(count) + " bytes", std::to_string(left()) + " left");
    return advance(static_cast<std::size_t>(count));
}

NIBBLE_FUNCTION std::string_view reader::read_string(field what, std::uint64_t most, errc too_long) {
    const auto length = read<std::uint64_t>(what);
    if (length > left())
        fail(errc::gguf_string_too_long, what, "at most the " + std::to_string(left()) + " bytes left",
             "length " + std::to_string(length));
    if (length > most)
        fail(too_long, what, "at most " + std::to_string(most) + " bytes", "length " + std::to_string(length));
    return as_text(advance(static_cast<std::size_t>(length)));
}

NIBBLE_FUNCTION std::span<const std::byte> reader::take_strings(std::uint64_t count, std::uint64_t most) {
    constexpr std::size_t prefix = sizeof(std::uint64_t);
    const std::size_t start = offset_;
    std::size_t at = start;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::size_t room = bytes_.size() - at;
        const std::uint64_t length = room >= prefix ? load<std::uint64_t>(bytes_.data() + at) : 0;
        if (room >= prefix && length <= std::min<std::uint64_t>(room - prefix, most)) {
            at += prefix + static_cast<std::size_t>(length);
            continue;
        }
        offset_ = at;
        (void)read_string({"element", i}, most, errc::gguf_string_too_long);  // throws: it says what is wrong
        at = offset_;                                                         // unless the file was changed in between
    }
    offset_ = at;
    return bytes_.subspan(start, at - start);
}

NIBBLE_FUNCTION void reader::fail(errc code, field what, std::string expected, std::string got) const {
    std::string where{kind_};
    if (!name_.empty()) {
        where += " '" + escaped(name_) + "'";
    } else if (index_) {
        where += " " + std::to_string(*index_);
    }
    where.append(": ").append(what.name);
    if (what.index) where += " " + std::to_string(*what.index);
    throw error{code, std::move(where), std::move(expected), std::move(got), field_start_};
}

NIBBLE_FUNCTION std::span<const std::byte> reader::advance(std::size_t count) noexcept {
    const auto taken = bytes_.subspan(offset_, count);
    offset_ += count;
    return taken;
}

}  // namespace gguf
NIBBLE_NAMESPACE_END
