// SPDX-License-Identifier: Apache-2.0
// An open GGUF file: its metadata and tensors as validated views into the mapping.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/mapped_file.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/directory.hpp>
#include <nibble/gguf/limits.hpp>
#include <nibble/gguf/shards.hpp>
#include <nibble/gguf/value.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

/// Owns the mappings and the directory; immutable after construction, so const access from any thread is fine.
/// Move-only. Views handed out point into the mappings, not into this object: they survive a move, not the end.
///
/// A model that is split into several files is one `file`: what is said below of "the file" is of its first part where
/// it speaks of bytes, and of all parts where it speaks of metadata and tensors.
class file {
public:
    /// Maps (or copies) and parses, all parts if the file is a part of a split, whichever it is. Throws `error`, which
    /// names the file: io_* for the file, gguf_* for its contents, with the byte offset.
    [[nodiscard]] static file open(const std::filesystem::path& path, const limits& bounds = {},
                                   file_access access = file_access::map);

    /// The same for all parts of a split, in any order and wherever they are.
    [[nodiscard]] static file open(array_view<std::filesystem::path> paths, const limits& bounds = {},
                                   file_access access = file_access::map);

    /// The same for a whole model in a file that is open, or in memory: see mapped_file.
    [[nodiscard]] static file open(const file_range& range, const limits& bounds = {},
                                   file_access access = file_access::map);
    [[nodiscard]] static file open(std::shared_ptr<const std::byte[]> bytes, std::size_t size,
                                   const limits& bounds = {});

    /// Parses bytes that the caller keeps alive and unchanged for the life of the file and its views.
    [[nodiscard]] static file parse(std::span<const std::byte> bytes, const limits& bounds = {});

    /// The same for all parts of a split, in any order.
    [[nodiscard]] static file parse(array_view<std::span<const std::byte>> parts, const limits& bounds = {});

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

    /// The files that this one is made of: one, or the parts of a split in their order.
    [[nodiscard]] array_view<part> parts() const noexcept { return parts_; }
    /// Bytes of all parts together.
    [[nodiscard]] std::uint64_t size() const noexcept;
    /// The part that holds one of tensors().
    [[nodiscard]] const part& part_of(const tensor_view& tensor) const noexcept;

    /// Metadata in file order.
    [[nodiscard]] array_view<key_value> metadata() const noexcept { return directory_.metadata; }
    /// The value of a key, or nullptr.
    [[nodiscard]] const value* find(std::string_view key) const noexcept { return directory_.find(key); }

    /// Tensors in file order (of the table; their data may lie in any order).
    [[nodiscard]] array_view<tensor_view> tensors() const noexcept { return directory_.tensors; }
    /// The tensor of that name, or nullptr.
    [[nodiscard]] const tensor_view* find_tensor(std::string_view name) const noexcept {
        return directory_.find_tensor(name);
    }
    /// Byte of its part at which the data of one of tensors() starts.
    [[nodiscard]] std::uint64_t offset_of(const tensor_view& tensor) const noexcept;

    /// What `read` returns. An error that it throws is thrown on with the name of the file in front, if it has one: for
    /// those who read something out of the file.
    template <class Read>
    std::invoke_result_t<Read> naming_errors(Read&& read) const {
        return detail::within(parts_.front().place, std::forward<Read>(read));
    }

    /// Asks the system to read the file ahead; a hint that never fails. Does nothing for parse().
    void advise_will_need() const noexcept;

    /// Reads all pages of the file once, in its order, so that later readers wait for no disk while there is memory for
    /// them. `progress`, if there is one, is told the bytes read and those to read, at first and after every 16 MiB;
    /// what it throws comes out. Returns false when `cancel` was set, which is looked at as often.
    bool warm_up(const std::function<void(std::uint64_t done, std::uint64_t total)>& progress = {},
                 const std::atomic<bool>* cancel = nullptr) const;

private:
    file(std::vector<part> parts, const limits& bounds);

    std::vector<part> parts_;  // at least one
    directory directory_;      // of all of them
};

}  // namespace gguf
NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/gguf/file_impl.hpp>
#endif
