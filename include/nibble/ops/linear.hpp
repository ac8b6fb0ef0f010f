// SPDX-License-Identifier: Apache-2.0
// y = W x for one token or many: activations to int8 once, rows split over threads, the format's kernel on each block;
// and the gated product of the feed-forward.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/kernels/kernel_set.hpp>
#include <nibble/ops/executor.hpp>
#include <nibble/ops/largest_value.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The largest inputs that an activation_buffer is made for.
struct activation_shape {
    std::size_t max_tokens;
    std::size_t max_depth;             ///< values of a token
    bool blocks_of_256, blocks_of_32;  ///< which forms the model's weight formats need
    std::size_t n_threads;
};

/// The input of linear products in the forms that the kernels of one set read, and the scratch memory of their threads.
/// Memory is taken in the constructor; one user at a time.
class activation_buffer {
public:
    /// Throws errc::out_of_memory. `kernels` must outlive the buffer.
    activation_buffer(const kernel_set& kernels, const activation_shape& shape)
        : kernels_(kernels),
          blocks_{aligned_buffer<std::byte>{block_bytes(kernels, shape, activation_form::blocks_of_256)},
                  aligned_buffer<std::byte>{block_bytes(kernels, shape, activation_form::blocks_of_32)}},
          scratch_(shape.n_threads) {}

    /// What the constructor takes.
    [[nodiscard]] static std::size_t bytes(const kernel_set& kernels, const activation_shape& shape) noexcept {
        return block_bytes(kernels, shape, activation_form::blocks_of_256) +
               block_bytes(kernels, shape, activation_form::blocks_of_32) +
               shape.n_threads * sizeof(kernels::gemm_scratch);
    }

    [[nodiscard]] const kernel_set& kernels() const noexcept { return kernels_; }
    [[nodiscard]] std::size_t n_tokens() const noexcept { return n_tokens_; }
    [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
    /// Whether the block forms are those of gemm, groups of tokens, or those of gemv, one token after the other.
    [[nodiscard]] bool for_gemm() const noexcept { return n_tokens_ >= kernels_.gemm_from; }
    [[nodiscard]] kernels::gemm_scratch& scratch(std::size_t worker) noexcept { return scratch_[worker]; }

    /// The input as `form` asks for it.
    [[nodiscard]] const void* in(activation_form form) const noexcept {
        if (form == activation_form::floats) return floats_;
        return blocks_[static_cast<std::size_t>(form)].data();
    }

    /// Converts `n_tokens` contiguous rows at `x` to the forms that the formats of `users` need: matrices of which the
    /// first has the depth of such a row, the others too, or are empty. `x` is kept, not copied, for the float formats:
    /// it must not change before the products are done.
    void quantize(executor& threads, const float* x, std::size_t n_tokens,
                  std::span<const matrix_view> users) noexcept {
        floats_ = x;
        n_tokens_ = n_tokens;
        depth_ = users.front().depth;
        std::array<bool, 3> needed{};
        for (const matrix_view& w : users) needed[static_cast<std::size_t>(kernels_.of(w).form)] |= !w.empty();
        for (const auto form : {activation_form::blocks_of_256, activation_form::blocks_of_32})
            if (needed[static_cast<std::size_t>(form)]) fill(threads, form);
    }

private:
    [[nodiscard]] static std::size_t block_size(activation_form form) noexcept {
        return form == activation_form::blocks_of_256 ? 256 : 32;
    }

    /// Room for either form of max_tokens tokens.
    static std::size_t block_bytes(const kernel_set& set, const activation_shape& shape,
                                   activation_form form) noexcept {
        if (!(form == activation_form::blocks_of_256 ? shape.blocks_of_256 : shape.blocks_of_32)) return 0;
        const activation_kernels& forms = set.of(form);
        const std::size_t n_groups = (shape.max_tokens + set.token_group - 1) / set.token_group;
        return std::max(shape.max_tokens * forms.block_bytes, n_groups * forms.group_bytes) *
               (shape.max_depth / block_size(form));
    }

    void fill(executor& threads, activation_form form) noexcept {
        const activation_kernels& forms = kernels_.of(form);
        const std::size_t n_blocks = depth_ / block_size(form), group = kernels_.token_group;
        std::byte* out = blocks_[static_cast<std::size_t>(form)].data();
        if (for_gemm()) {
            threads.for_blocks((n_tokens_ + group - 1) / group, 1, [&](std::size_t g, std::size_t, std::size_t) {
                forms.pack_tokens(floats_ + g * group * depth_, depth_, std::min(group, n_tokens_ - g * group), depth_,
                                  out + g * n_blocks * forms.group_bytes);
            });
        } else {
            for (std::size_t t = 0; t < n_tokens_; ++t)
                forms.quantize_row(floats_ + t * depth_, depth_, out + t * n_blocks * forms.block_bytes);
        }
    }

    const kernel_set& kernels_;
    std::array<aligned_buffer<std::byte>, 2> blocks_;  // by activation_form
    aligned_buffer<kernels::gemm_scratch> scratch_;
    const float* floats_ = nullptr;
    std::size_t n_tokens_ = 0, depth_ = 0;
};

/// y = W x + bias. An empty bias: there is none.
struct projection {
    matrix_view w;
    std::span<const float> bias = {};  ///< [w.rows]

    [[nodiscard]] bool empty() const noexcept { return w.empty(); }
    /// Rows first .. first + count - 1 of a fused one; empty if this is.
    [[nodiscard]] projection rows(std::size_t first, std::size_t count) const noexcept {
        if (empty()) return {};
        return {w.rows(first, count), bias.empty() ? bias : bias.subspan(first, count)};
    }
};

/// One matrix of a product: out[t * out_stride + r] = row r of w times token t, plus bias[r].
struct linear_job {
    projection by;
    float* out;
    std::size_t out_stride;
    /// An epilogue. Where not null, one for each thread: the largest result of the last token, looked for while it is
    /// in a cache.
    largest_value* largest = nullptr;
};

namespace detail {

/// `count` rows from `first` on: out[t * out_stride + i] is row first + i times token t, plus its bias.
inline void multiply_rows(const projection& by, std::size_t first, std::size_t count, activation_buffer& x, float* out,
                          std::size_t out_stride, std::size_t worker) noexcept {
    const matrix_view& w = by.w;
    const format_kernels& kernels = x.kernels().of(w);
    if (kernels.gemm && x.for_gemm())
        kernels.gemm(w.row(first), w.row_bytes, count, w.depth, x.in(kernels.form), x.n_tokens(), out, out_stride,
                     x.scratch(worker));
    else
        kernels.gemv(w.row(first), w.row_bytes, count, w.depth, x.in(kernels.form), x.n_tokens(), out, out_stride);
    if (by.bias.empty()) return;
    for (std::size_t t = 0; t < x.n_tokens(); ++t)
        x.kernels().elementwise.add_scaled(out + t * out_stride, by.bias.data() + first, 1, count);
}

/// How many of `n_rows` rows a thread takes at a time, at most `most`: some blocks for each thread, so that they end
/// together, and no remainder in a block. A block is a long run of addresses, because its first kilobytes come without
/// having been fetched ahead.
[[nodiscard]] inline std::size_t rows_at_once(const executor& threads, const activation_buffer& x, std::size_t n_rows,
                                              std::size_t most) noexcept {
    const std::size_t multiple = x.for_gemm() ? x.kernels().gemm_rows : x.kernels().gemv_rows;
    const std::size_t share = n_rows / (threads.n_threads() * 4);
    return std::clamp(share / multiple * multiple, multiple, most);
}

}  // namespace detail

/// Multiplies the tokens in `x` with the matrices of `jobs` (at most a few, all of depth x.depth()), whose rows form
/// one range that the threads share. Every result is one chain over the depth: the same bits for any number of
/// threads and any batch.
inline void linear(executor& threads, std::span<const linear_job> jobs, activation_buffer& x) noexcept {
    std::size_t n_rows = 0;
    for (const auto& job : jobs) n_rows += job.by.w.n_rows;
    const auto block = [&](std::size_t begin, std::size_t end, std::size_t worker) {
        std::size_t before = 0;  // rows of the jobs before this one
        for (const auto& [by, out, out_stride, largest] : jobs) {
            const std::size_t first = std::max(begin, before), last = std::min(end, before + by.w.n_rows);
            if (first < last) {
                const std::size_t row = first - before, count = last - first;
                detail::multiply_rows(by, row, count, x, out + row, out_stride, worker);
                if (largest) largest[worker].look_at({out + (x.n_tokens() - 1) * out_stride + row, count}, row);
            }
            before += by.w.n_rows;
        }
    };
    threads.for_blocks(n_rows, detail::rows_at_once(threads, x, n_rows, x.kernels().rows_at_once), block);
}

/// Rows of a gated product that a thread multiplies with each of the two matrices before it joins them.
[[nodiscard]] inline std::size_t gated_rows(const kernel_set& kernels) noexcept { return kernels.rows_at_once / 2; }

/// out[t * n_rows + r] = act(row r of gate . token t) * (row r of up . token t), each with its bias: gate and up have
/// equal shapes, of depth x.depth(), or `up` is empty and its products count as 1. The products with `up` only ever
/// exist in a cache: for 512 tokens of SmolLM3-3B they would be 22 MB, written and read again. `up_scratch`:
/// gated_rows(x.kernels()) * x.n_tokens() floats for each thread.
inline void gated_linear(executor& threads, const projection& gate, const projection& up, activation act,
                         activation_buffer& x, float* out, float* up_scratch) noexcept {
    const auto join = x.kernels().elementwise.gated[static_cast<std::size_t>(act)];
    const std::size_t n_rows = gate.w.n_rows, most = gated_rows(x.kernels());
    const auto block = [&](std::size_t begin, std::size_t end, std::size_t worker) {
        const std::size_t count = end - begin;
        float* own = up_scratch + worker * most * x.n_tokens();
        detail::multiply_rows(gate, begin, count, x, out + begin, n_rows, worker);
        if (up.empty())
            std::fill_n(own, count * x.n_tokens(), 1.0f);
        else
            detail::multiply_rows(up, begin, count, x, own, count, worker);
        for (std::size_t t = 0; t < x.n_tokens(); ++t) join(out + t * n_rows + begin, own + t * count, count);
    };
    threads.for_blocks(n_rows, detail::rows_at_once(threads, x, n_rows, most), block);
}

NIBBLE_NAMESPACE_END
