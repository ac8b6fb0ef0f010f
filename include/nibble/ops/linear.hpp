// SPDX-License-Identifier: Apache-2.0
// y = W x for one token or many: activations to int8 once, rows split over threads, the format's kernel on each block;
// and the gated product of the feed-forward.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/kernels/kernel_set.hpp>
#include <nibble/ops/arg_max.hpp>
#include <nibble/ops/executor.hpp>

NIBBLE_NAMESPACE_BEGIN

/// One matrix of a product: out[t * out_stride + r] = row r of w times token t.
struct linear_job {
    matrix_view w;
    float* out;
    std::size_t out_stride;
    /// Where not null, one for each thread: the largest result of the last token, looked for while it is in a cache.
    largest_value* largest = nullptr;
};

/// The largest inputs that an activation_buffer is made for.
struct activation_shape {
    std::size_t max_tokens;
    std::size_t max_depth;             ///< values of a token
    bool blocks_of_256, blocks_of_32;  ///< which forms the model's weight formats need
    std::size_t n_threads;
};

/// The input of linear products in the forms that the kernels read, and the scratch memory of their threads.
/// Memory is taken in the constructor; one user at a time.
class activation_buffer {
public:
    /// Throws errc::out_of_memory.
    explicit activation_buffer(const activation_shape& shape)
        : form_256_(bytes_256(shape)), form_32_(bytes_32(shape)), scratch_(shape.n_threads) {}

    /// What the constructor takes.
    [[nodiscard]] static std::size_t bytes(const activation_shape& shape) noexcept {
        return bytes_256(shape) + bytes_32(shape) + shape.n_threads * sizeof(kernels::panel_scratch);
    }

    [[nodiscard]] const std::byte* form_256() const noexcept { return form_256_.data(); }
    [[nodiscard]] const std::byte* form_32() const noexcept { return form_32_.data(); }
    [[nodiscard]] const float* floats() const noexcept { return floats_; }
    [[nodiscard]] std::size_t n_tokens() const noexcept { return n_tokens_; }
    [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
    /// Whether the block forms hold groups of tokens (the panel form) or one token after the other.
    [[nodiscard]] bool is_panel() const noexcept { return is_panel_; }
    [[nodiscard]] kernels::panel_scratch& scratch(std::size_t worker) noexcept { return scratch_[worker]; }

    /// Converts `n_tokens` contiguous rows at `x` to the forms that the formats of `users` need, which all have the
    /// depth of such a row. `x` is kept, not copied, for the float formats: it must not change before the products are
    /// done.
    void quantize(executor& threads, const kernel_set& set, const float* x, std::size_t n_tokens,
                  std::span<const matrix_view> users) noexcept {
        floats_ = x;
        n_tokens_ = n_tokens;
        depth_ = users.front().depth;
        is_panel_ = n_tokens >= set.panel_from;
        bool need_256 = false, need_32 = false;
        for (const matrix_view& w : users) {
            const auto form = set.find(w.type)->form;
            need_256 |= form == activation_form::blocks_of_256;
            need_32 |= form == activation_form::blocks_of_32;
        }
        if (need_256)
            fill<256>(threads, set.quantize_row_256, set.quantize_panel_256, set.panel_lanes, set.group_bytes_256,
                      form_256_.data());
        if (need_32)
            fill<32>(threads, set.quantize_row_32, set.quantize_panel_32, set.panel_lanes, set.group_bytes_32,
                     form_32_.data());
    }

private:
    // Room for either form; groups of the panel form are of at most 16 tokens.
    static std::size_t padded_tokens(const activation_shape& shape) noexcept {
        return (shape.max_tokens + 15) / 16 * 16;
    }
    template <std::size_t N>
    static std::size_t bytes(const activation_shape& shape) noexcept {
        constexpr std::size_t block = std::max(sizeof(quant::activation_block<N>), kernels::panel_token_bytes<N>);
        return padded_tokens(shape) * (shape.max_depth / N) * block;
    }
    static std::size_t bytes_256(const activation_shape& shape) noexcept {
        return shape.blocks_of_256 ? bytes<256>(shape) : 0;
    }
    static std::size_t bytes_32(const activation_shape& shape) noexcept {
        return shape.blocks_of_32 ? bytes<32>(shape) : 0;
    }

    template <std::size_t N>
    void fill(executor& threads, kernels::quantize_row_function row, kernels::quantize_panel_function panel,
              std::size_t lanes, std::size_t group_bytes, std::byte* out) noexcept {
        const std::size_t n_blocks = depth_ / N;
        if (is_panel_) {
            threads.for_blocks((n_tokens_ + lanes - 1) / lanes, 1, [&](std::size_t g, std::size_t, std::size_t) {
                panel(floats_ + g * lanes * depth_, depth_, std::min(lanes, n_tokens_ - g * lanes), depth_,
                      out + g * n_blocks * group_bytes);
            });
        } else {
            for (std::size_t t = 0; t < n_tokens_; ++t)
                row(floats_ + t * depth_, depth_, out + t * n_blocks * sizeof(quant::activation_block<N>));
        }
    }

    aligned_buffer<std::byte> form_256_, form_32_;
    aligned_buffer<kernels::panel_scratch> scratch_;
    const float* floats_ = nullptr;
    std::size_t n_tokens_ = 0, depth_ = 0;
    bool is_panel_ = false;
};

namespace detail {

/// `count` rows of w from `first` on: out[t * out_stride + i] is row first + i times token t.
inline void multiply_rows(const kernel_set& set, const matrix_view& w, std::size_t first, std::size_t count,
                          activation_buffer& x, float* out, std::size_t out_stride, std::size_t worker) noexcept {
    const format_kernels& kernels = *set.find(w.type);
    const void* input = kernels.form == activation_form::blocks_of_256  ? static_cast<const void*>(x.form_256())
                        : kernels.form == activation_form::blocks_of_32 ? static_cast<const void*>(x.form_32())
                                                                        : static_cast<const void*>(x.floats());
    if (kernels.panel && x.is_panel())
        kernels.panel(w.row(first), w.row_bytes, count, w.depth, input, x.n_tokens(), out, out_stride,
                      x.scratch(worker));
    else
        kernels.rows(w.row(first), w.row_bytes, count, w.depth, input, x.n_tokens(), out, out_stride);
}

/// How many of `n_rows` rows a thread takes at a time, at most `most`, a multiple of 48: some blocks for each thread,
/// so that they end together. A block is a long run of addresses, because its first kilobytes come without having
/// been fetched ahead.
[[nodiscard]] inline std::size_t rows_at_once(const executor& threads, const activation_buffer& x, std::size_t n_rows,
                                              std::size_t most) noexcept {
    const std::size_t share = n_rows / (threads.n_threads() * 4), multiple = x.is_panel() ? 48 : 4;
    return std::clamp(share / multiple * multiple, multiple, most);
}

}  // namespace detail

/// Multiplies the tokens in `x` with the matrices of `jobs` (at most a few, all of depth x.depth()), whose rows form
/// one range that the threads share. Every result is one chain over the depth: the same bits for any number of
/// threads and any batch.
inline void linear(executor& threads, const kernel_set& set, std::span<const linear_job> jobs,
                   activation_buffer& x) noexcept {
    std::size_t n_rows = 0;
    for (const auto& job : jobs) n_rows += job.w.rows;
    const auto block = [&](std::size_t begin, std::size_t end, std::size_t worker) {
        std::size_t before = 0;  // rows of the jobs before this one
        for (const auto& [w, out, out_stride, largest] : jobs) {
            const std::size_t first = std::max(begin, before), last = std::min(end, before + w.rows);
            if (first < last) {
                const std::size_t row = first - before, count = last - first;
                detail::multiply_rows(set, w, row, count, x, out + row, out_stride, worker);
                if (largest) largest[worker].look_at({out + (x.n_tokens() - 1) * out_stride + row, count}, row);
            }
            before += w.rows;
        }
    };
    threads.for_blocks(n_rows, detail::rows_at_once(threads, x, n_rows, 384), block);
}

/// Rows of a gated product that a thread multiplies before it joins them.
inline constexpr std::size_t gated_rows_max = 192;

/// out[t * gate.rows + r] = silu(row r of gate times token t) * (row r of up times token t): gate and up have equal
/// shapes, of depth x.depth(). The products with `up` only ever exist in a cache: for 512 tokens of SmolLM3-3B they
/// would be 22 MB, written and read again. `ups`: gated_rows_max * x.n_tokens() floats for each thread.
inline void gated_linear(executor& threads, const kernel_set& set, const matrix_view& gate, const matrix_view& up,
                         activation act, activation_buffer& x, float* out, float* ups) noexcept {
    const auto block = [&](std::size_t begin, std::size_t end, std::size_t worker) {
        const std::size_t count = end - begin;
        float* own = ups + worker * gated_rows_max * x.n_tokens();
        detail::multiply_rows(set, gate, begin, count, x, out + begin, gate.rows, worker);
        detail::multiply_rows(set, up, begin, count, x, own, count, worker);
        for (std::size_t t = 0; t < x.n_tokens(); ++t)
            set.elementwise.gated[static_cast<std::size_t>(act)](out + t * gate.rows + begin, own + t * count, count);
    };
    threads.for_blocks(gate.rows, detail::rows_at_once(threads, x, gate.rows, gated_rows_max), block);
}

/// Decodes row `row` of `w` to floats: the embedding of a token.
inline void dequantize_row(const kernel_set& set, const matrix_view& w, std::size_t row, float* out) noexcept {
    set.find(w.type)->decode(w.row(row), w.depth, out);
}

NIBBLE_NAMESPACE_END
