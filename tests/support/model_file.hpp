// SPDX-License-Identifier: Apache-2.0
// A small model file in memory, right by default, that a test spoils in one place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/gguf/writer.hpp>

#include "test.hpp"

namespace nibble::test {

/// Sizes of the file that model_file makes; all widths differ, so that no two shapes can be mixed up.
struct model_sizes {
    std::uint32_t n_layers = 4, n_embd = 64, n_heads = 4, n_kv_heads = 1, head_dim = 32, n_ff = 96, n_vocab = 160;
    std::uint32_t n_experts = 0;  ///< of llama; other families have 5 or none
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
        set(key("rope.freq_base"), 10000.0f);
        set(key("attention.layer_norm_rms_epsilon"), 1e-6f);
        set(key("vocab_size"), sizes.n_vocab);
        if (arch_ == "gemma3") set(key("attention.sliding_window"), std::uint32_t{9});
        const std::uint32_t n_experts = arch_ == "qwen3moe" || arch_ == "olmoe" ? 5 : sizes.n_experts;
        if (n_experts > 0) {
            set(key("expert_count"), n_experts);
            set(key("expert_used_count"), std::uint32_t{2});
        }

        const std::uint64_t q = sizes.n_heads * sizes.head_dim, kv = sizes.n_kv_heads * sizes.head_dim;
        const std::uint64_t n = sizes.n_embd, ff = sizes.n_ff, head = sizes.head_dim;
        add_tensor("token_embd.weight", {n, sizes.n_vocab});
        for (std::uint32_t layer = 0; layer < sizes.n_layers; ++layer) {
            const auto blk = "blk." + std::to_string(layer) + '.';
            const auto matrix = [&](const char* name, std::uint64_t depth, std::uint64_t rows) {
                add_tensor(blk + name + ".weight", {depth, rows});
            };
            const auto vector = [&](const char* name, std::uint64_t size) {
                add_tensor(blk + name, {size}, data_type::f32);
            };
            if (arch_ != "olmo2") vector("attn_norm.weight", n);
            matrix("attn_q", n, q);
            matrix("attn_k", n, kv);
            matrix("attn_v", n, kv);
            if (arch_ == "qwen2") {
                vector("attn_q.bias", q);
                vector("attn_k.bias", kv);
                vector("attn_v.bias", kv);
            }
            if (arch_ == "qwen3" || arch_ == "qwen3moe" || arch_ == "gemma3") {
                vector("attn_q_norm.weight", head);
                vector("attn_k_norm.weight", head);
            }
            if (arch_ == "olmo2" || arch_ == "olmoe") {
                vector("attn_q_norm.weight", q);
                vector("attn_k_norm.weight", kv);
            }
            matrix("attn_output", q, n);
            if (arch_ == "olmo2" || arch_ == "gemma3") vector("post_attention_norm.weight", n);
            if (arch_ != "olmo2") vector("ffn_norm.weight", n);
            if (n_experts > 0) {
                add_tensor(blk + "ffn_gate_inp.weight", {n, n_experts}, data_type::f32);
                add_tensor(blk + "ffn_gate_exps.weight", {n, ff, n_experts});
                add_tensor(blk + "ffn_up_exps.weight", {n, ff, n_experts});
                add_tensor(blk + "ffn_down_exps.weight", {ff, n, n_experts});
            } else {
                matrix("ffn_gate", n, ff);
                matrix("ffn_up", n, ff);
                matrix("ffn_down", ff, n);
            }
            if (arch_ == "olmo2" || arch_ == "gemma3") vector("post_ffw_norm.weight", n);
        }
        add_tensor("output_norm.weight", {n}, data_type::f32);
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
