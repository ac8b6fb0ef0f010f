// SPDX-License-Identifier: Apache-2.0
// An open GGUF file: its metadata and tensors as validated views into the mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/mapped_file.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/limits.hpp>
#include <nibble/gguf/parse.hpp>
#include <nibble/gguf/value.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

/// Owns the mapping and the directory; immutable after construction, so const access from any thread is fine.
/// Move-only. Views handed out point into the mapping, not into this object: they survive a move, not the end.
class file {
public:
    /// Maps (or copies) and parses. Throws `error`, which names the file: io_* for the file, gguf_* for its contents,
    /// with the byte offset.
    [[nodiscard]] static file open(const std::filesystem::path& path, const limits& bounds = {},
                                   file_access access = file_access::map) {
        file opened{mapped_file::open(path, access), nibble::detail::file_place(path)};
        opened.directory_ = opened.naming_errors([&] { return parse_directory(opened.mapping_.bytes(), bounds); });
        return opened;
    }

    /// Parses bytes that the caller keeps alive and unchanged for the life of the file and its views.
    [[nodiscard]] static file parse(std::span<const std::byte> bytes, const limits& bounds = {}) {
        file parsed{mapped_file{}, {}};
        parsed.directory_ = parse_directory(bytes, bounds);
        return parsed;
    }

    file(file&&) noexcept = default;
    file& operator=(file&&) noexcept = default;
    file(const file&) = delete;
    file& operator=(const file&) = delete;
    ~file() = default;

    [[nodiscard]] std::uint32_t version() const noexcept { return directory_.version; }
    /// Tensor data starts at multiples of this many bytes from data_offset().
    [[nodiscard]] std::uint64_t alignment() const noexcept { return directory_.alignment; }
    /// First byte of the tensor data; may lie past the end of a file without tensors.
    [[nodiscard]] std::uint64_t data_offset() const noexcept { return directory_.data_offset; }
    /// First byte after the last tensor. What follows it, padding or anything else, is ignored.
    [[nodiscard]] std::uint64_t data_end() const noexcept { return directory_.data_end; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return directory_.bytes; }

    /// Metadata in file order.
    [[nodiscard]] std::span<const key_value> metadata() const noexcept { return directory_.metadata; }
    /// The value of a key, or nullptr.
    [[nodiscard]] const value* find(std::string_view key) const noexcept { return directory_.find(key); }

    /// Tensors in file order (of the table; their data may lie in any order).
    [[nodiscard]] std::span<const tensor_view> tensors() const noexcept { return directory_.tensors; }
    /// The tensor of that name, or nullptr.
    [[nodiscard]] const tensor_view* find_tensor(std::string_view name) const noexcept {
        return directory_.find_tensor(name);
    }
    /// Byte of the file at which the data of one of tensors() starts.
    [[nodiscard]] std::uint64_t offset_of(const tensor_view& tensor) const noexcept {
        return static_cast<std::uint64_t>(tensor.bytes.data() - bytes().data());
    }

    /// What `read` returns. An error that it throws is thrown on with the name of the file in front, if it has one: for
    /// those who read something out of the file.
    template <class Read>
    std::invoke_result_t<Read> naming_errors(Read&& read) const {
        try {
            return std::forward<Read>(read)();
        } catch (const error& problem) {
            if (place_.empty()) throw;
            throw problem.within(place_);
        }
    }

    /// Asks the system to read the file ahead; a hint that never fails. Does nothing for parse().
    void advise_will_need() const noexcept { mapping_.advise_will_need(); }

private:
    file(mapped_file mapping, std::string place) : mapping_(std::move(mapping)), place_(std::move(place)) {}

    mapped_file mapping_;
    std::string place_;  // "file 'PATH'", or empty
    directory directory_;
};

}  // namespace gguf
NIBBLE_NAMESPACE_END
