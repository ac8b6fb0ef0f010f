// SPDX-License-Identifier: Apache-2.0
// Small GGUF files for tests, and what a test does with one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/tensor.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/gguf/writer.hpp>

#include "support/refusal.hpp"

namespace nibble::test {

using bytes = std::vector<std::byte>;

/// Bytes of text.
[[nodiscard]] inline bytes bytes_of(std::string_view text) {
    const auto view = std::as_bytes(std::span{text});
    return {view.begin(), view.end()};
}

/// Numbers as they are stored, one after the other.
template <class... Numbers>
[[nodiscard]] bytes packed(Numbers... numbers) {
    bytes out;
    (gguf::append(out, numbers), ...);
    return out;
}

/// Overwrites a number inside a file.
template <class Number>
void patch(bytes& file, std::size_t at, Number number) {
    std::memcpy(file.data() + at, &number, sizeof number);
}

/// A tensor whose data is as long as its shape says, each byte `fill`.
[[nodiscard]] inline gguf::tensor_entry tensor(std::string name, std::vector<std::uint64_t> dims,
                                               data_type type = data_type::f32, unsigned char fill = 0) {
    const auto& info = *find_data_type(type);
    std::uint64_t size = dims.at(0) / info.block_size * info.block_bytes;
    for (std::size_t d = 1; d < dims.size(); ++d) size *= dims[d];
    return {std::move(name), std::move(dims), type, bytes(static_cast<std::size_t>(size), std::byte{fill})};
}

/// What parsing these bytes is refused with.
[[nodiscard]] inline refusal refusal_of(std::span<const std::byte> file, const gguf::limits& bounds = {}) {
    return refusal_of([&] { return gguf::file::parse(file, bounds); });
}
[[nodiscard]] inline refusal refusal_of(const gguf::writer& w, const gguf::limits& bounds = {}) {
    return refusal_of(w.bytes(), bounds);
}

/// Reads every byte that an accepted file hands out, so that a sanitizer sees a wrong bound. Returns a checksum.
inline std::uint64_t touch_everything(const gguf::file& file) {
    std::uint64_t sum = 0;
    const auto touch = [&](std::span<const std::byte> view) {
        for (const std::byte b : view) sum = sum * 31 + std::to_integer<std::uint64_t>(b);
    };
    for (const auto& [key, val, offset] : file.metadata()) {
        touch(std::as_bytes(std::span{key}));
        touch(val.bytes());
        for (const std::string_view text : val.strings()) touch(std::as_bytes(std::span{text}));
        for (const float number : val.numbers<float>()) sum += number > 0 ? 1u : 0u;
        for (const auto number : val.numbers<std::int32_t>()) sum += static_cast<std::uint32_t>(number);
    }
    for (const tensor_view& t : file.tensors()) {
        touch(std::as_bytes(std::span{t.name}));
        touch(t.bytes);
    }
    return sum;
}

/// Valid files that between them use every part of the format.
[[nodiscard]] inline std::vector<bytes> seed_files() {
    using strings = std::vector<std::string_view>;
    std::vector<bytes> seeds;
    seeds.push_back(gguf::writer{}.bytes());
    seeds.push_back(gguf::writer{}
                        .add("a.u8", std::uint8_t{200})
                        .add("a.i8", std::int8_t{-7})
                        .add("a.u16", std::uint16_t{60'000})
                        .add("a.i16", std::int16_t{-300})
                        .add("a.u32", 4'000'000'000u)
                        .add("a.i32", -70'000)
                        .add("a.u64", ~std::uint64_t{0})
                        .add("a.i64", std::int64_t{-5'000'000'000})
                        .add("a.f32", 0.1f)
                        .add("a.f64", 0.2)
                        .add("a.bool", true)
                        .add("a.string", "caf\xc3\xa9")
                        .add("a.empty", "")
                        .add_array("b.strings", strings{"one", "", "three"})
                        .add_array("b.floats", std::vector<float>{1, 2, 3})
                        .add_array("b.bools", std::vector<bool>{true, false, true})
                        .add_array("b.bytes", std::vector<std::uint8_t>{1, 2, 3, 4, 5})
                        .add_array("b.none", std::vector<std::int32_t>{})
                        .bytes());
    seeds.push_back(gguf::writer{{.alignment = 64, .version = 2}}
                        .add("general.architecture", "llama")
                        .add_array("tokenizer.ggml.tokens", strings{"<s>", "a", "b"})
                        .add_tensor(tensor("token_embd.weight", {32, 3}, data_type::q8_0, 1))
                        .add_tensor(tensor("output_norm.weight", {5}, data_type::f32, 2))
                        .add_tensor(tensor("blk.0.ffn_up.weight", {256, 2}, data_type::q4_k, 3))
                        .bytes());
    auto second = tensor("second", {4, 1, 2}, data_type::f32, 4), first = tensor("first", {8, 1, 1, 1}, data_type::f32);
    second.offset = 32;  // the order of the table is not that of the data
    first.offset = 0;
    seeds.push_back(gguf::writer{{.alignment = 8}}.add_tensor(second).add_tensor(first).bytes());
    return seeds;
}

}  // namespace nibble::test
