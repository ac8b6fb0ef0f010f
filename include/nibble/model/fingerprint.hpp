// SPDX-License-Identifier: Apache-2.0
// A number that tells models apart: for what was computed with one and must not go on with another.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <nibble/core/config.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/gguf/reader.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/model.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// FNV-1a (Fowler, Noll, Vo), of 64 bits.
class fnv_1a {
public:
    void add(std::span<const std::byte> bytes) noexcept {
        for (const std::byte byte : bytes) add_byte(static_cast<std::uint8_t>(byte));
        add(std::uint64_t{bytes.size()});
    }
    void add(std::string_view text) noexcept { add(gguf::as_bytes(text)); }
    void add(std::uint64_t number) noexcept {
        for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<std::uint8_t>(number >> shift));
    }
    void add(float number) noexcept { add(std::uint64_t{std::bit_cast<std::uint32_t>(number)}); }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

private:
    void add_byte(std::uint8_t byte) noexcept { value_ = (value_ ^ byte) * 0x100000001b3u; }
    std::uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace detail

/// Equal for two models that were loaded from the same file with the same options for its rotations, on any machine;
/// different for all others but by an accident of 64 bits. It reads all metadata and of each tensor the first bytes, so
/// that two files that differ in the middle of a tensor alone are one to it. Takes some milliseconds.
[[nodiscard]] inline std::uint64_t fingerprint(const model& of) {
    constexpr std::size_t bytes_of_tensor = 256;
    detail::fnv_1a hash;
    for (const gguf::key_value& entry : of.file().metadata()) {
        hash.add(entry.key);
        hash.add(entry.val.bytes());
    }
    for (const tensor_view& tensor : of.file().tensors()) {
        hash.add(tensor.name);
        hash.add(std::uint64_t{static_cast<std::uint32_t>(tensor.type)});
        for (const std::uint64_t dim : tensor.dims) hash.add(dim);
        hash.add(tensor.bytes.first(std::min(tensor.bytes.size(), bytes_of_tensor)));
    }
    for (const auto& [freq_base, scaling] : of.config().ropes) {
        hash.add(static_cast<std::uint64_t>(scaling.type));
        hash.add(std::uint64_t{scaling.original_context});
        hash.add(std::uint64_t{scaling.whole_pairs});
        for (const float number : {freq_base, scaling.factor, scaling.attn_factor, scaling.log_multiplier,
                                   scaling.beta_fast, scaling.beta_slow})
            hash.add(number);
    }
    for (const layer_config& layer : of.config().layers) hash.add(std::uint64_t{layer.window});
    return hash.value();
}

NIBBLE_NAMESPACE_END
