// SPDX-License-Identifier: Apache-2.0
// A small model file in memory, with what its family requires, right by default, that a test spoils in one place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/gguf/writer.hpp>
#include <nibble/model/families.hpp>
#include <nibble/model/tensors.hpp>

#include "test.hpp"

namespace nibble::test {

/// Sizes of the file that model_file makes; all widths differ, so that no two shapes can be mixed up.
struct model_sizes {
    std::uint32_t n_layers = 4, n_embd = 64, n_heads = 4, n_kv_heads = 1, head_dim = 32, n_ff = 96, n_vocab = 160,
                  conv_length = 3;
    std::uint32_t n_experts = 5;
    bool with_experts = false;  ///< of a family that may have some
};

class model_file {
public:
    explicit model_file(std::string arch = "smollm3", const model_sizes& sizes = {}) : arch_(std::move(arch)) {
        set("general.architecture", arch_);
        set(key("block_count"), sizes.n_layers);
        set(key("context_length"), std::uint32_t{512});
        set(key("embedding_length"), sizes.n_embd);
        set(key("feed_forward_length"), sizes.n_ff);
        set(key("attention.head_count"), sizes.n_heads);
        set(key("attention.head_count_kv"), sizes.n_kv_heads);
        set(key("rope.dimension_count"), sizes.head_dim);
        if (says_head_dim()) set(key("attention.key_length"), sizes.head_dim);
        set(key("rope.freq_base"), 10000.0f);
        set(key(row_of(family().norm == norm_kind::rms ? config_key::rms_eps : config_key::layer_norm_eps).suffix),
            1e-6f);
        set(key("vocab_size"), sizes.n_vocab);
        if (family().convolutions) {
            std::vector<std::int32_t> kv_heads(sizes.n_layers, static_cast<std::int32_t>(sizes.n_kv_heads));
            for (std::size_t i = 0; i < kv_heads.size(); i += 2) kv_heads[i] = 0;
            set_array(key("attention.head_count_kv"), kv_heads).set(key("shortconv.l_cache"), sizes.conv_length);
        }
        if (family().window.required) set(key("attention.sliding_window"), std::uint32_t{9});
        const bool has_experts = family().experts.presence == expert_presence::always || sizes.with_experts;
        if (has_experts) {
            set(key("expert_count"), sizes.n_experts);
            set(key("expert_used_count"), std::uint32_t{2});
        }
        required_ = family().required_with(has_experts);

        add_required(row_of(tensor_id::token_embd), 0, sizes);
        for (std::uint32_t layer = 0; layer < sizes.n_layers; ++layer)
            for (const auto& row : model_tensors)
                if (row.per_layer) add_required(row, layer, sizes);
        for (const auto& row : model_tensors)
            if (!row.per_layer && row.id != tensor_id::token_embd) add_required(row, 0, sizes);
    }

    /// "<arch>.suffix"
    [[nodiscard]] std::string key(std::string_view suffix) const { return arch_ + '.' + std::string{suffix}; }

    /// Sets or replaces a key: a number, bool or text.
    template <class T>
    model_file& set(const std::string& name, const T& value) {
        return put(name, [=](gguf::writer& out) { out.add(name, value); });
    }
    template <class T>
    model_file& set_array(const std::string& name, const std::vector<T>& values) {
        return put(name, [=](gguf::writer& out) { out.add_array(name, values); });
    }
    model_file& erase(std::string_view name) {
        std::erase_if(keys_, [&](const auto& entry) { return entry.first == name; });
        return *this;
    }

    /// Adds a tensor of zeros; vectors of floats hold ones.
    model_file& add_tensor(const std::string& name, std::vector<std::uint64_t> dims, data_type type = data_type::q8_0) {
        gguf::tensor_entry entry{.name = name, .dims = std::move(dims), .type = type, .data = {}};
        fill(entry);
        tensors_.push_back(std::move(entry));
        return *this;
    }
    [[nodiscard]] bool has(std::string_view name) const {
        return std::any_of(tensors_.begin(), tensors_.end(), [&](const auto& entry) { return entry.name == name; });
    }
    gguf::tensor_entry& tensor(std::string_view name) {
        for (auto& entry : tensors_)
            if (entry.name == name) return entry;
        throw std::out_of_range{"no tensor " + std::string{name}};
    }
    /// Gives a tensor another shape or type.
    model_file& reshape(std::string_view name, std::vector<std::uint64_t> dims, data_type type = data_type::q8_0) {
        auto& entry = tensor(name);
        entry.dims = std::move(dims);
        entry.type = type;
        fill(entry);
        return *this;
    }
    model_file& rename(std::string_view from, std::string to) {
        tensor(from).name = std::move(to);
        return *this;
    }
    model_file& erase_tensor(std::string_view name) {
        std::erase_if(tensors_, [&](const auto& entry) { return entry.name == name; });
        return *this;
    }
    model_file& erase_all_tensors() {
        tensors_.clear();
        return *this;
    }
    [[nodiscard]] const std::vector<gguf::tensor_entry>& tensors() const { return tensors_; }

    [[nodiscard]] std::vector<std::byte> bytes(const gguf::writer_options& options = {}) const {
        gguf::writer out{options};
        for (const auto& [name, write] : keys_) write(out);
        for (const auto& entry : tensors_) out.add_tensor(entry);
        return out.bytes();
    }

    /// The parsed file; it borrows bytes that live until the next call or the end of this object.
    [[nodiscard]] gguf::file parse(const gguf::writer_options& options = {}) {
        bytes_ = bytes(options);
        return gguf::file::parse(bytes_);
    }

private:
    [[nodiscard]] const model_family& family() const {
        const auto* found = find_family(arch_);
        if (!found) throw std::out_of_range{"no family " + arch_};
        return *found;
    }

    /// Every other layer, from the first on.
    [[nodiscard]] bool has_convolution(std::size_t layer) const { return family().convolutions && layer % 2 == 0; }

    /// Where it does not follow from a tensor of the first layer.
    [[nodiscard]] bool says_head_dim() const {
        return !family().required.has(tensor_id::attn_q) || family().convolutions;
    }

    [[nodiscard]] static std::uint64_t size_of(extent size, const model_sizes& of) {
        switch (size) {
            case extent::one: break;
            case extent::n_embd: return of.n_embd;
            case extent::n_vocab: return of.n_vocab;
            case extent::n_ff: return of.n_ff;
            case extent::n_heads: return of.n_heads;
            case extent::head_dim: return of.head_dim;
            case extent::q_width: return of.n_heads * of.head_dim;
            case extent::kv_width: return of.n_kv_heads * of.head_dim;
            case extent::qkv_width: return (of.n_heads + 2 * of.n_kv_heads) * of.head_dim;
            case extent::gate_up: return 2 * of.n_ff;
            case extent::rope_pairs: return of.head_dim / 2;
            case extent::n_experts: return of.n_experts;
            case extent::conv_length: return of.conv_length;
            case extent::conv_gates: return 3 * of.n_embd;
        }
        return 1;
    }

    void add_required(const tensor_row& row, std::uint32_t layer, const model_sizes& sizes) {
        if (!required_.has(row.id)) return;
        if (row.per_layer && !belongs_to_layer(row.id, has_convolution(layer))) return;
        std::vector<std::uint64_t> dims;
        for (const auto size : {row.depth, row.rows, row.matrices})
            if (size != extent::one) dims.push_back(size_of(size, sizes));
        // a router of 5 rows of Q8_0 could not be transposed
        const bool floats =
            row.rows == extent::one || row.rows == extent::n_experts || row.id == tensor_id::shortconv_kernel;
        add_tensor(tensor_name(row.id, layer), dims, floats ? data_type::f32 : data_type::q8_0);
    }

    model_file& put(const std::string& name, std::function<void(gguf::writer&)> write) {
        for (auto& entry : keys_)
            if (entry.first == name) {
                entry.second = std::move(write);
                return *this;
            }
        keys_.emplace_back(name, std::move(write));
        return *this;
    }

    static void fill(gguf::tensor_entry& entry) {
        const auto& format = *find_data_type(entry.type);
        std::uint64_t size = format.block_bytes;
        for (std::size_t i = 0; i < entry.dims.size(); ++i)
            size *= i == 0 ? entry.dims[0] / format.block_size : entry.dims[i];
        entry.data.assign(static_cast<std::size_t>(size), std::byte{});
        if (entry.dims.size() != 1 || entry.type != data_type::f32) return;
        constexpr float one = 1;
        for (std::size_t at = 0; at < entry.data.size(); at += sizeof one)
            std::memcpy(&entry.data[at], &one, sizeof one);
    }

    std::string arch_;
    tensor_set required_{};
    std::vector<std::pair<std::string, std::function<void(gguf::writer&)>>> keys_;
    std::vector<gguf::tensor_entry> tensors_;
    std::vector<std::byte> bytes_;
};

/// Checks that `action` throws nibble::error with this code and every one of these pieces in its text.
template <class Action>
void check_error(errc code, const std::vector<std::string>& pieces, Action&& action) {
    try {
        static_cast<void>(action());
        FAIL_CHECK("no error");
    } catch (const error& failure) {
        INFO(failure.what());
        CHECK(failure.code() == code);
        for (const auto& piece : pieces) {
            INFO("looked for: " << piece);
            const bool found = std::string_view{failure.what()}.find(piece) != std::string_view::npos;
            CHECK(found);
        }
    }
}

}  // namespace nibble::test
