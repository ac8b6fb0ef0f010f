// SPDX-License-Identifier: Apache-2.0
// y = W x for one token or many: activations to int8 once, rows split over threads, the format's kernel on each block.
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

    /// Converts `n_tokens` contiguous rows of `depth` floats at `x` to the forms that the formats of `users` need.
    /// `x` is kept, not copied, for the float formats: it must not change before the products are done.
    void quantize(executor& threads, const kernel_set& set, const float* x, std::size_t n_tokens, std::size_t depth,
                  std::span<const linear_job> users) noexcept {
        floats_ = x;
        n_tokens_ = n_tokens;
        depth_ = depth;
        is_panel_ = n_tokens >= set.panel_from;
        bool need_256 = false, need_32 = false;
        for (const auto& job : users) {
            const auto form = set.find(job.w.type)->form;
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

/// Rows begin .. end - 1 of the range that the matrices of `jobs` form together.
inline void multiply_rows(const kernel_set& set, std::span<const linear_job> jobs, activation_buffer& x,
                          std::size_t begin, std::size_t end, std::size_t worker) noexcept {
    std::size_t before = 0;  // rows of the jobs before this one
    for (const auto& [w, out, out_stride, largest] : jobs) {
        const std::size_t first = std::max(begin, before), last = std::min(end, before + w.rows);
        if (first < last) {
            const std::size_t row = first - before, count = last - first;
            const format_kernels& kernels = *set.find(w.type);
            const void* input = kernels.form == activation_form::blocks_of_256  ? static_cast<const void*>(x.form_256())
                                : kernels.form == activation_form::blocks_of_32 ? static_cast<const void*>(x.form_32())
                                                                                : static_cast<const void*>(x.floats());
            if (kernels.panel && x.is_panel())
                kernels.panel(w.row(row), w.row_bytes, count, w.depth, input, x.n_tokens(), out + row, out_stride,
                              x.scratch(worker));
            else
                kernels.rows(w.row(row), w.row_bytes, count, w.depth, input, x.n_tokens(), out + row, out_stride);
            if (largest) largest[worker].look_at({out + (x.n_tokens() - 1) * out_stride + row, count}, row);
        }
        before += w.rows;
    }
}

}  // namespace detail

/// Multiplies the tokens in `x` with the matrices of `jobs` (at most a few, all of depth x.depth()), whose rows form
/// one range that the threads share. Every result is one chain over the depth: the same bits for any number of
/// threads and any batch.
inline void linear(executor& threads, const kernel_set& set, std::span<const linear_job> jobs,
                   activation_buffer& x) noexcept {
    std::size_t n_rows = 0;
    for (const auto& job : jobs) n_rows += job.w.rows;
    // Some blocks for each thread, so that threads end together. A block is a long run of addresses, because its first
    // kilobytes come without having been fetched ahead.
    const std::size_t share = n_rows / (threads.n_threads() * 4);
    const std::size_t grain = x.is_panel() ? std::clamp<std::size_t>(share / 48 * 48, 48, 4 * kernels::panel_rows_max)
                                           : std::clamp<std::size_t>(share / 4 * 4, 4, 512);
    threads.for_blocks(n_rows, grain, [&](std::size_t begin, std::size_t end, std::size_t worker) {
        detail::multiply_rows(set, jobs, x, begin, end, worker);
    });
}

/// Decodes row `row` of `w` to floats: the embedding of a token.
inline void decode_row(const kernel_set& set, const matrix_view& w, std::size_t row, float* out) noexcept {
    set.find(w.type)->decode(w.row(row), w.depth, out);
}

NIBBLE_NAMESPACE_END
