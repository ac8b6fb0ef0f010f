// SPDX-License-Identifier: Apache-2.0
// y = W x for one token or many: activations to int8 once, rows split over threads, the format's kernel on each block;
// and the gated product of the feed-forward.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/any_of.hpp>
#include <nibble/core/array_view.hpp>
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

/// Consecutive tokens of an activation_buffer: those that one product takes, by gemm where they are many.
struct token_range {
    std::size_t first = 0, count = 0;
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
    [[nodiscard]] kernels::gemm_scratch& scratch(std::size_t worker) noexcept { return scratch_[worker]; }
    /// Whether the blocks of these tokens are those of gemm, groups, or those of gemv, one after the other.
    [[nodiscard]] bool for_gemm(activation_form form, token_range tokens) const noexcept {
        return form != activation_form::floats && tokens.count >= kernels_.of(form).gemm_from;
    }
    /// The same of either form of blocks.
    [[nodiscard]] bool for_gemm(token_range tokens) const noexcept {
        return for_gemm(activation_form::blocks_of_256, tokens) || for_gemm(activation_form::blocks_of_32, tokens);
    }

    /// One of the ranges that were quantised, as `form` asks for it.
    [[nodiscard]] const void* in(activation_form form, token_range tokens) const noexcept {
        if (form == activation_form::floats) return floats_ + tokens.first * depth_;
        return blocks_[static_cast<std::size_t>(form)].data() + tokens.first * row_bytes(kernels_, depth_, form);
    }

    /// Converts rows of `x` to the forms that the formats of `users` need: matrices of which the first has the depth of
    /// such a row, the others too, or are empty.
    /// `ranges`: which rows are multiplied together; ascending, below max_tokens. Those for gemm begin at a multiple of
    /// token_group, and what is left to the next one is theirs too. `x` is kept, not copied, for the float formats: it
    /// must not change before the products are done.
    void quantize(executor& threads, const float* x, array_view<token_range> ranges,
                  array_view<matrix_view> users) noexcept {
        floats_ = x;
        depth_ = users.front().depth;
        std::array<bool, 3> needed{};
        for (const matrix_view& w : users) needed[static_cast<std::size_t>(kernels_.of(w).form)] |= !w.empty();
        for (const auto form : {activation_form::blocks_of_256, activation_form::blocks_of_32})
            if (needed[static_cast<std::size_t>(form)]) fill(threads, form, ranges);
    }

private:
    [[nodiscard]] static std::size_t block_size(activation_form form) noexcept {
        return form == activation_form::blocks_of_256 ? 256 : 32;
    }

    /// Room for a token of `depth` values in either form: ranges of both lie in one buffer.
    [[nodiscard]] static std::size_t row_bytes(const kernel_set& set, std::size_t depth,
                                               activation_form form) noexcept {
        const activation_kernels& forms = set.of(form);
        const std::size_t in_group = (forms.group_bytes + set.token_group - 1) / set.token_group;
        const std::size_t bytes = depth / block_size(form) * std::max(forms.block_bytes, in_group);
        return (bytes + 63) / 64 * 64;  // what the kernels' blocks are aligned to
    }

    static std::size_t block_bytes(const kernel_set& set, const activation_shape& shape,
                                   activation_form form) noexcept {
        if (!(form == activation_form::blocks_of_256 ? shape.blocks_of_256 : shape.blocks_of_32)) return 0;
        const std::size_t n_groups = (shape.max_tokens + set.token_group - 1) / set.token_group;
        return n_groups * set.token_group * row_bytes(set, shape.max_depth, form);
    }

    void fill(executor& threads, activation_form form, array_view<token_range> ranges) noexcept {
        const std::size_t n_tokens = ranges.back().first + ranges.back().count;
        const bool many = any_of(ranges, [&](token_range r) { return for_gemm(form, r); });
        threads.for_blocks(n_tokens, many ? kernels_.token_group : n_tokens,
                           [&](std::size_t begin, std::size_t end, std::size_t) {
                               for (const token_range& range : ranges) {
                                   const std::size_t first = std::max(begin, range.first);
                                   const std::size_t last = std::min(end, range.first + range.count);
                                   if (first < last) fill(form, range, first, last - first);
                               }
                           });
    }

    /// `count` tokens of a range from `first` on: at most a group of it, or any of those for gemv.
    void fill(activation_form form, token_range range, std::size_t first, std::size_t count) noexcept {
        const activation_kernels& forms = kernels_.of(form);
        const std::size_t n_blocks = depth_ / block_size(form), before = first - range.first;
        std::byte* out =
            blocks_[static_cast<std::size_t>(form)].data() + range.first * row_bytes(kernels_, depth_, form);
        if (for_gemm(form, range)) {
            forms.pack_tokens(floats_ + first * depth_, depth_, count, depth_,
                              out + before / kernels_.token_group * n_blocks * forms.group_bytes);
        } else {
            for (std::size_t t = 0; t < count; ++t)
                forms.quantize_row(floats_ + (first + t) * depth_, depth_,
                                   out + (before + t) * n_blocks * forms.block_bytes);
        }
    }

    const kernel_set& kernels_;
    std::array<aligned_buffer<std::byte>, 2> blocks_;  // by activation_form
    aligned_buffer<kernels::gemm_scratch> scratch_;
    const float* floats_ = nullptr;
    std::size_t depth_ = 0;
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

/// One matrix of a product: out[t * out_stride + r] = row r of w times token t of `tokens`, plus bias[r].
struct linear_job {
    projection by;
    float* out;
    std::size_t out_stride;
    token_range tokens = {};  ///< of those that were quantised
    /// An epilogue. Where not null, one for each thread: the largest result of the last token, looked for while it is
    /// in a cache.
    largest_value* largest = nullptr;

    [[nodiscard]] std::size_t n_rows() const noexcept { return by.w.n_rows; }
};

/// Two matrices of equal shape, the first of which gates the second, or one, where the second is empty and counts as 1:
/// out[t * n_rows + r] = act(row r of gate . token t of `tokens`) * (row r of up . token t), each with its bias.
struct gated_job {
    projection gate, up;
    float* out;
    token_range tokens = {};  ///< of those that were quantised

    [[nodiscard]] std::size_t n_rows() const noexcept { return gate.w.n_rows; }
};

namespace detail {

/// `count` rows from `first` on: out[t * out_stride + i] is row first + i times token t, plus its bias.
inline void multiply_rows(const projection& by, std::size_t first, std::size_t count, activation_buffer& x,
                          token_range tokens, float* out, std::size_t out_stride, std::size_t worker) noexcept {
    const matrix_view& w = by.w;
    const format_kernels& kernels = x.kernels().of(w);
    const void* in = x.in(kernels.form, tokens);
    if (kernels.gemm && x.for_gemm(kernels.form, tokens))
        kernels.gemm(w.row(first), w.row_bytes, count, w.depth, in, tokens.count, out, out_stride, x.scratch(worker));
    else
        kernels.gemv(w.row(first), w.row_bytes, count, w.depth, in, tokens.count, out, out_stride);
    if (by.bias.empty()) return;
    for (std::size_t t = 0; t < tokens.count; ++t)
        x.kernels().elementwise.add_scaled(out + t * out_stride, by.bias.data() + first, 1, count);
}

/// Shares the rows of all jobs, which form one range, among the threads: product(job, first row, count, worker), with
/// at most `most` rows. A thread takes so many at a time that there are some blocks for each, so that they end
/// together, and no remainder in a block. A block is a long run of addresses, because its first kilobytes come without
/// having been fetched ahead.
template <class Job, class Product>
void for_rows(executor& threads, const activation_buffer& x, array_view<Job> jobs, std::size_t most,
              const Product& product) noexcept {
    std::size_t n_rows = 0, multiple = x.kernels().gemv_rows;
    for (const Job& job : jobs) {
        n_rows += job.n_rows();
        if (x.for_gemm(job.tokens)) multiple = x.kernels().gemm_rows;
    }
    const std::size_t share = n_rows / (threads.n_threads() * 4) / multiple * multiple;
    const auto block = [&](std::size_t begin, std::size_t end, std::size_t worker) {
        std::size_t before = 0;  // rows of the jobs before this one
        for (const Job& job : jobs) {
            const std::size_t first = std::max(begin, before), last = std::min(end, before + job.n_rows());
            if (first < last) product(job, first - before, last - first, worker);
            before += job.n_rows();
        }
    };
    threads.for_blocks(n_rows, std::clamp(share, multiple, most), block);
}

}  // namespace detail

/// Multiplies tokens in `x` with the matrices of `jobs`, all of the depth of x. Every result is one chain over the
/// depth: the same bits for any number of threads and any batch.
inline void linear(executor& threads, array_view<linear_job> jobs, activation_buffer& x) noexcept {
    const auto product = [&x](const linear_job& job, std::size_t row, std::size_t count, std::size_t worker) {
        float* out = job.out + row;
        detail::multiply_rows(job.by, row, count, x, job.tokens, out, job.out_stride, worker);
        if (job.largest) job.largest[worker].look_at({out + (job.tokens.count - 1) * job.out_stride, count}, row);
    };
    detail::for_rows(threads, x, jobs, x.kernels().rows_at_once, product);
}

/// Rows of a gated product that a thread multiplies with each of the two matrices before it joins them.
[[nodiscard]] inline std::size_t gated_rows(const kernel_set& kernels) noexcept { return kernels.rows_at_once / 2; }

/// The gated products of tokens in `x`. Those with `up` only ever exist in a cache: for 512 tokens of SmolLM3-3B they
/// would be 22 MB, written and read again. `up_scratch`: gated_rows(x.kernels()) * max_tokens floats for each thread;
/// no job takes more than max_tokens.
inline void gated_linear(executor& threads, array_view<gated_job> jobs, activation act, activation_buffer& x,
                         float* up_scratch, std::size_t max_tokens) noexcept {
    const auto join = x.kernels().elementwise.gated[static_cast<std::size_t>(act)];
    const std::size_t most = gated_rows(x.kernels());
    const auto product = [&](const gated_job& job, std::size_t row, std::size_t count, std::size_t worker) {
        const std::size_t n_rows = job.n_rows();
        float *out = job.out + row, *up = up_scratch + worker * most * max_tokens;
        detail::multiply_rows(job.gate, row, count, x, job.tokens, out, n_rows, worker);
        if (job.up.empty())
            std::fill_n(up, count * job.tokens.count, 1.0f);
        else
            detail::multiply_rows(job.up, row, count, x, job.tokens, up, count, worker);
        for (std::size_t t = 0; t < job.tokens.count; ++t) join(out + t * n_rows, up + t * count, count);
    };
    detail::for_rows(threads, x, jobs, most, product);
}

NIBBLE_NAMESPACE_END
