// SPDX-License-Identifier: Apache-2.0
// Builds GGUF files, well-formed ones by default and any other kind on request.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/path_text.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/value.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace gguf {

/// Appends a number as it is stored in a file.
template <scalar T>
inline void append(std::vector<std::byte>& out, T number) {
    const std::size_t at = out.size();
    out.resize(at + sizeof number);
    std::memcpy(out.data() + at, &number, sizeof number);
}

/// Appends a string: its length, then its bytes.
inline void append(std::vector<std::byte>& out, std::string_view text) {
    append(out, std::uint64_t{text.size()});
    const auto bytes = as_bytes(text);
    out.insert(out.end(), bytes.begin(), bytes.end());
}

/// The fixed part of the file. The overrides make it lie.
struct writer_options {
    std::uint64_t alignment = 32;  ///< written as general.alignment unless it is the default
    std::uint32_t version = 3;
    std::string magic = "GGUF";
    std::optional<std::uint64_t> tensor_count = {};    ///< instead of the true number
    std::optional<std::uint64_t> metadata_count = {};  ///< instead of the true number
};

/// One tensor of a file under construction. The overrides make its table entry lie.
struct tensor_entry {
    std::string name;
    std::vector<std::uint64_t> dims;  ///< row length first
    data_type type = data_type::f32;
    std::vector<std::byte> data;
    std::optional<std::uint64_t> name_length = {};  ///< instead of the true length
    std::optional<std::uint32_t> n_dims = {};       ///< instead of the true number
    std::optional<std::uint64_t> offset = {};       ///< instead of where `data` lies
    std::optional<std::uint64_t> data_size = {};    ///< of what follows head() in the place of `data`
};

/// Collects metadata and tensors, then lays them out. It checks nothing, so that a test can make any file:
///     const auto bytes = writer{}.add("general.architecture", "llama").add("llama.block_count", 2u).bytes();
class writer {
public:
    explicit writer(writer_options options = {}) : options_(std::move(options)) {
        if (options_.alignment != 32) add("general.alignment", static_cast<std::uint32_t>(options_.alignment));
    }

    template <scalar T>
    writer& add(std::string_view key, T number) {
        begin_entry(key, type_of<T>());
        append(metadata_, number);
        return *this;
    }

    writer& add(std::string_view key, std::string_view text) {
        begin_entry(key, value_type::string);
        append(metadata_, text);
        return *this;
    }

    /// An array of numbers, bools or strings: any container of them.
    template <class Container>
    writer& add_array(std::string_view key, const Container& elements) {
        using element = typename Container::value_type;
        begin_entry(key, value_type::array);
        if constexpr (scalar<element>) {
            append(metadata_, static_cast<std::uint32_t>(type_of<element>()));
            append(metadata_, std::uint64_t{elements.size()});
            for (const element number : elements) append(metadata_, number);
        } else {
            append(metadata_, static_cast<std::uint32_t>(value_type::string));
            append(metadata_, std::uint64_t{elements.size()});
            for (const std::string_view text : elements) append(metadata_, text);
        }
        return *this;
    }

    /// An entry with any type id and any bytes in the place of its value.
    writer& add_raw(std::string_view key, std::uint32_t type_id, std::span<const std::byte> value_bytes) {
        append(metadata_, key);
        append(metadata_, type_id);
        return add_bytes(value_bytes, 1);
    }

    /// Bytes in the place of `count` entries.
    writer& add_bytes(std::span<const std::byte> bytes, std::uint64_t count) {
        metadata_.insert(metadata_.end(), bytes.begin(), bytes.end());
        metadata_count_ += count;
        return *this;
    }

    writer& add_tensor(tensor_entry tensor) {
        tensors_.push_back(std::move(tensor));
        return *this;
    }

    /// The whole file: tensors in the order they were added, each padded to the alignment.
    [[nodiscard]] std::vector<std::byte> bytes() const {
        std::vector<std::byte> out = head();
        const std::size_t start = out.size();
        for (const tensor_entry& tensor : tensors_) {
            out.insert(out.end(), tensor.data.begin(), tensor.data.end());
            out.resize(start + static_cast<std::size_t>(padded(out.size() - start)));
        }
        return out;
    }

    /// What comes before the data of the tensors, which follow in their order, each padded to the alignment: for who
    /// writes them as they lie elsewhere.
    [[nodiscard]] std::vector<std::byte> head() const {
        std::vector<std::byte> out;
        for (const char c : options_.magic) append(out, c);
        append(out, options_.version);
        append(out, options_.tensor_count.value_or(tensors_.size()));
        append(out, options_.metadata_count.value_or(metadata_count_));
        out.insert(out.end(), metadata_.begin(), metadata_.end());

        std::uint64_t offset = 0;
        for (const tensor_entry& tensor : tensors_) {
            append_entry(out, tensor, offset);
            offset = padded(offset + tensor.data_size.value_or(tensor.data.size()));
        }
        out.resize(static_cast<std::size_t>(padded(out.size())));
        return out;
    }

#if !defined(__wasi__)  // whose library has no file streams
    /// Writes the file, replacing one that exists. Throws errc::io_open or errc::io_write.
    void write(const std::filesystem::path& path) const {
        std::ofstream stream{path, std::ios::binary | std::ios::trunc};
        if (!stream) throw error{errc::io_open, file_place(path), "a writable file"};
        const auto contents = bytes();
        stream.write(reinterpret_cast<const char*>(contents.data()), static_cast<std::streamsize>(contents.size()));
        stream.close();
        if (!stream)
            throw error{errc::io_write, file_place(path), std::to_string(contents.size()) + " bytes written", "fewer"};
    }
#endif

private:
    void begin_entry(std::string_view key, value_type type) {
        append(metadata_, key);
        append(metadata_, static_cast<std::uint32_t>(type));
        ++metadata_count_;
    }

    static void append_entry(std::vector<std::byte>& out, const tensor_entry& tensor, std::uint64_t offset) {
        const std::size_t start = out.size();
        append(out, std::string_view{tensor.name});
        if (tensor.name_length) std::memcpy(out.data() + start, &*tensor.name_length, sizeof *tensor.name_length);
        append(out, tensor.n_dims.value_or(static_cast<std::uint32_t>(tensor.dims.size())));
        for (const std::uint64_t dim : tensor.dims) append(out, dim);
        append(out, static_cast<std::uint32_t>(tensor.type));
        append(out, tensor.offset.value_or(offset));
    }

    [[nodiscard]] std::uint64_t padded(std::uint64_t size) const noexcept {
        const std::uint64_t alignment = std::max<std::uint64_t>(options_.alignment, 1);
        return (size + alignment - 1) / alignment * alignment;
    }

    writer_options options_;
    std::vector<std::byte> metadata_;
    std::uint64_t metadata_count_ = 0;
    std::vector<tensor_entry> tensors_;
};

}  // namespace gguf
NIBBLE_NAMESPACE_END
