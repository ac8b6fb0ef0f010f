// SPDX-License-Identifier: Apache-2.0
// Definitions of gguf/file.hpp: opening, and which part has what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/gguf/parse.hpp>
#include <nibble/gguf/shards.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

NIBBLE_FUNCTION file file::open(const std::filesystem::path& path, const limits& bounds, file_access access) {
    return file{open_parts(path, bounds, access), bounds};
}

NIBBLE_FUNCTION file file::open(array_view<std::filesystem::path> paths, const limits& bounds, file_access access) {
    return file{open_parts(paths, bounds, access), bounds};
}

NIBBLE_FUNCTION file file::open(const file_range& range, const limits& bounds, file_access access) {
    return file{only_part(mapped_file::open(range, access), mapped_file::place_of(range), bounds), bounds};
}

NIBBLE_FUNCTION file file::open(std::shared_ptr<const std::byte[]> bytes, std::size_t size, const limits& bounds) {
    return file{only_part(mapped_file::of(std::move(bytes), size), "model in memory", bounds), bounds};
}

NIBBLE_FUNCTION file file::parse(array_view<std::span<const std::byte>> parts, const limits& bounds) {
    return file{parse_parts(parts, bounds), bounds};
}

NIBBLE_FUNCTION file file::parse(std::span<const std::byte> bytes, const limits& bounds) {
    std::vector<part> only(1);
    only.front().contents = parse_directory(bytes, bounds);
    return file{std::move(only), bounds};
}

NIBBLE_FUNCTION std::uint64_t file::size() const noexcept {
    std::uint64_t sum = 0;  // of sizes of things in memory
    for (const part& each : parts_) sum += each.contents.bytes.size();
    return sum;
}

NIBBLE_FUNCTION const part& file::part_of(const tensor_view& tensor) const noexcept {
    for (const part& each : parts_) {
        const auto bytes = each.contents.bytes;
        const std::less_equal<> not_after;
        if (not_after(bytes.data(), tensor.bytes.data()) &&
            not_after(tensor.bytes.data() + tensor.bytes.size(), bytes.data() + bytes.size()))
            return each;
    }
    return parts_.front();
}

NIBBLE_FUNCTION std::uint64_t file::offset_of(const tensor_view& tensor) const noexcept {
    return static_cast<std::uint64_t>(tensor.bytes.data() - part_of(tensor).contents.bytes.data());
}

NIBBLE_FUNCTION void file::advise_will_need() const noexcept {
    for (const part& each : parts_) each.mapping.advise_will_need();
}

NIBBLE_FUNCTION bool file::warm_up(const std::function<void(std::uint64_t done, std::uint64_t total)>& progress,
                                   const std::atomic<bool>* cancel) const {
    constexpr std::size_t piece = std::size_t{16} << 20, page = 4096;  // the smallest page of any system
    std::uint64_t done = 0;
    if (progress) progress(0, size());
    for (const part& each : parts_)
        for (auto rest = each.contents.bytes; !rest.empty();) {
            if (cancel && cancel->load(std::memory_order_relaxed)) return false;
            const auto now = rest.first(std::min(piece, rest.size()));
            for (std::size_t at = 0; at < now.size(); at += page)
                static_cast<void>(*static_cast<const volatile std::byte*>(now.data() + at));
            rest = rest.subspan(now.size());
            done += now.size();
            if (progress) progress(done, size());
        }
    return true;
}

NIBBLE_FUNCTION file::file(std::vector<part> parts, const limits& bounds)
    : parts_(std::move(parts)), directory_(join(parts_, bounds)) {}

}  // namespace gguf
NIBBLE_NAMESPACE_END
