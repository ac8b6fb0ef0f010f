// SPDX-License-Identifier: Apache-2.0
// The feed-forward of a layer with experts: a router chooses some of them for each token and weighs their results.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/fetch_ahead.hpp>
#include <nibble/core/float_math.hpp>
#include <nibble/kernels/elementwise/exp2.hpp>
#include <nibble/ops/executor.hpp>
#include <nibble/ops/expert_rules.hpp>
#include <nibble/ops/linear.hpp>
#include <nibble/ops/residual.hpp>

NIBBLE_NAMESPACE_BEGIN

struct expert_choice {
    std::uint32_t expert;
    float weight;
};

/// chosen [n_used], experts ascending: those with the largest of logits [n_experts], of equal ones the first. NaN is
/// below every number. With `top` the largest, weight = scale * (2^((logit - top) log2(e)) / sum); the sum is over the
/// chosen, or all, in ascending order. All weights are 0 where `top` is not finite.
inline void choose_experts(const expert_rules& rules, const float* logits, expert_choice* chosen) noexcept {
    const auto above = [](float a, float b) { return a > b || (std::isnan(b) && !std::isnan(a)); };
    std::size_t n = 0, least = 0;  // which of the chosen is given up first
    for (std::size_t expert = 0; expert < rules.n_experts; ++expert) {
        if (n == rules.n_used) {
            if (!above(logits[expert], logits[chosen[least].expert])) continue;
            std::copy(chosen + least + 1, chosen + n, chosen + least);
            --n;
        }
        chosen[n++].expert = static_cast<std::uint32_t>(expert);
        if (n < rules.n_used) continue;
        least = 0;
        for (std::size_t i = 1; i < n; ++i)
            if (!above(logits[chosen[i].expert], logits[chosen[least].expert])) least = i;
    }

    float top = logits[chosen[0].expert], sum = 0;
    for (std::size_t i = 1; i < n; ++i)
        if (above(logits[chosen[i].expert], top)) top = logits[chosen[i].expert];
    const auto share = [&](std::size_t expert) {  // 0 for NaN
        return kernels::exp2_nonpositive(exact_product(logits[expert] - top, std::numbers::log2e_v<float>));
    };
    for (std::size_t i = 0; i < n; ++i) chosen[i].weight = share(chosen[i].expert);
    if (rules.normalised)
        for (std::size_t i = 0; i < n; ++i) sum += chosen[i].weight;
    else
        for (std::size_t expert = 0; expert < rules.n_experts; ++expert) sum += share(expert);
    for (std::size_t i = 0; i < n; ++i) chosen[i].weight = sum > 0 ? rules.scale * (chosen[i].weight / sum) : 0;
}

/// What the memory of an expert_workspace depends on.
struct expert_shape {
    expert_rules rules;
    std::size_t n_embd;
    std::size_t batch;        ///< most tokens of a call
    std::size_t token_group;  ///< of the kernel set
};

/// Work areas of experts(), taken once. Tokens are grouped by expert; as many groups as its rows hold are a wave.
class expert_workspace {
public:
    /// A token of one of its experts.
    struct member {
        std::uint32_t token;
        float weight;
    };

    explicit expert_workspace(const expert_shape& shape)
        : max_rows(rows_for(shape)),
          logits(shape.batch * shape.rules.n_experts),
          chosen(shape.batch * shape.rules.n_used),
          members(shape.batch * shape.rules.n_used),
          starts(n_starts(shape)),
          experts(shape.rules.n_experts),
          ranges(shape.rules.n_experts),
          gated(shape.rules.n_experts),
          down(shape.rules.n_experts),
          rows(max_rows * shape.n_embd) {}

    /// What the constructor takes.
    [[nodiscard]] static std::size_t bytes(const expert_shape& shape) noexcept {
        const std::size_t n_experts = shape.rules.n_experts, n_used = shape.rules.n_used;
        return shape.batch * (n_experts * sizeof(float) + n_used * (sizeof(expert_choice) + sizeof(member))) +
               n_starts(shape) * sizeof(std::size_t) +
               n_experts * (sizeof(std::size_t) + sizeof(token_range) + sizeof(gated_job) + sizeof(linear_job)) +
               rows_for(shape) * shape.n_embd * sizeof(float);
    }

    /// Rows of a wave: all tokens may choose one expert, and the experts of one token should fit. 0 without experts.
    [[nodiscard]] static std::size_t rows_for(const expert_shape& shape) noexcept {
        if (shape.rules.n_experts == 0) return 0;
        return up_to_multiple(std::max(shape.batch, shape.rules.n_used), shape.token_group);
    }
    [[nodiscard]] static std::size_t up_to_multiple(std::size_t n, std::size_t of) noexcept {
        return (n + of - 1) / of * of;
    }

    std::size_t max_rows;
    aligned_buffer<float> logits;          ///< [batch][n_experts]  for the router
    aligned_buffer<expert_choice> chosen;  ///< [batch][n_used]
    aligned_buffer<member> members;       ///< [batch * n_used]  of the first expert, then of the next, tokens ascending
    aligned_buffer<std::size_t> starts;   ///< [n_experts + 1]  where the members of an expert begin
    aligned_buffer<std::size_t> experts;  ///< [n_experts]  of the groups of a wave, ascending
    aligned_buffer<token_range> ranges;   ///< [n_experts]  the rows that each group has
    aligned_buffer<gated_job> gated;      ///< [n_experts]
    aligned_buffer<linear_job> down;      ///< [n_experts]
    aligned_buffer<float> rows;           ///< [max_rows][n_embd]  inputs of the groups, then their results

private:
    [[nodiscard]] static std::size_t n_starts(const expert_shape& shape) noexcept {
        return shape.rules.n_experts == 0 ? 0 : shape.rules.n_experts + 1;
    }
};

/// One call of experts(): what all of its parts need. The rows of expert e are those of a matrix of its own, the e-th
/// of n_experts of equal height.
struct expert_call {
    const expert_rules& rules;
    projection gate, up;  ///< n_embd -> n_experts * n_ff
    projection down;      ///< n_ff -> n_experts * n_embd
    activation act;
    const float* x;  ///< [n_tokens][n_embd]
    std::size_t n_tokens;
    float* out;                      ///< [n_tokens][n_embd]
    expert_workspace& workspace;     ///< whose logits the router has written
    activation_buffer& activations;  ///< for workspace.max_rows tokens
    float* gated;                    ///< [max_rows][n_ff]
    float* up_scratch;               ///< see gated_linear, with max_rows tokens

    /// A single token's experts all read the same row.
    static constexpr token_range first_row{0, 1};
    [[nodiscard]] bool is_one() const noexcept { return n_tokens == 1; }

    [[nodiscard]] std::size_t n_ff() const noexcept { return gate.w.n_rows / rules.n_experts; }
    [[nodiscard]] std::size_t n_embd() const noexcept { return down.w.n_rows / rules.n_experts; }
};

namespace detail {

/// workspace.logits -> chosen -> members and starts, unless stopped.
inline void group_by_expert(executor& threads, const expert_call& call) noexcept {
    const auto& rules = call.rules;
    auto& work = call.workspace;
    threads.for_blocks(call.n_tokens, row_grain, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t t = begin; t < end; ++t)
            choose_experts(rules, work.logits.data() + t * rules.n_experts, work.chosen.data() + t * rules.n_used);
    });
    if (threads.stopped()) return;
    const std::size_t n = call.n_tokens * rules.n_used;
    std::fill(work.starts.begin(), work.starts.end(), std::size_t{0});
    for (std::size_t i = 0; i < n; ++i) ++work.starts[work.chosen[i].expert];
    for (std::size_t e = 1; e <= rules.n_experts; ++e) work.starts[e] += work.starts[e - 1];  // where they end
    for (std::size_t i = n; i-- > 0;)
        work.members[--work.starts[work.chosen[i].expert]] = {static_cast<std::uint32_t>(i / rules.n_used),
                                                              work.chosen[i].weight};
}

/// Gives the groups of `expert` and those behind it rows of the workspace, as far as they go. Returns the number of
/// groups; `expert` becomes the first that is left.
inline std::size_t plan_wave(const expert_call& call, std::size_t& expert) noexcept {
    auto& work = call.workspace;
    const std::size_t n_ff = call.n_ff(), n_embd = call.n_embd();
    std::size_t n_groups = 0, row = 0;
    for (; expert < call.rules.n_experts; ++expert) {
        const std::size_t count = work.starts[expert + 1] - work.starts[expert];
        if (count == 0) continue;
        const std::size_t whole = call.activations.for_gemm({row, count}) ? call.activations.kernels().token_group : 1;
        const token_range range{expert_workspace::up_to_multiple(row, whole), count};
        const std::size_t end = range.first + expert_workspace::up_to_multiple(count, whole);
        if (end > work.max_rows) break;  // never the first: count <= batch
        work.experts[n_groups] = expert;
        work.ranges[n_groups] = range;
        work.gated[n_groups] = {call.gate.rows(expert * n_ff, n_ff), call.up.rows(expert * n_ff, n_ff),
                                call.gated + range.first * n_ff, call.is_one() ? call.first_row : range};
        work.down[n_groups] = {call.down.rows(expert * n_embd, n_embd), work.rows.data() + range.first * n_embd, n_embd,
                               range};
        ++n_groups;
        row = end;
    }
    return n_groups;
}

/// Asks for the experts of n_groups groups that are not in memory: of a model that is larger than it, those that were
/// not used for long are on the disk, each as a whole.
inline void fetch_experts(executor& threads, const expert_workspace& work, std::size_t n_groups) noexcept {
    threads.for_blocks(n_groups, 1, [&](std::size_t g, std::size_t, std::size_t) {
        const matrix_view& down = work.down[g].by.w;
        if (is_in_memory(down.row(down.n_rows / 2))) return;
        for (const matrix_view& w : {work.gated[g].gate.w, work.gated[g].up.w, down})
            fetch_ahead({w.data, w.n_rows * w.row_bytes});
    });
}

/// Calls f(row of the workspace, member) for each row of the groups begin .. end - 1.
template <class F>
void for_members(const expert_call& call, std::size_t begin, std::size_t end, const F& f) noexcept {
    const auto& work = call.workspace;
    for (std::size_t g = begin; g < end; ++g)
        for (std::size_t i = 0; i < work.ranges[g].count; ++i)
            f(work.ranges[g].first + i, work.members[work.starts[work.experts[g]] + i]);
}

/// x -> the inputs of n_groups groups, as gate and up read them.
inline void gather(executor& threads, const expert_call& call, std::size_t n_groups) noexcept {
    auto& work = call.workspace;
    const std::array users{call.gate.w, call.up.w};
    if (call.is_one()) return call.activations.quantize(threads, call.x, {&call.first_row, 1}, users);
    const std::size_t n_embd = call.n_embd();
    threads.for_blocks(n_groups, 1, [&](std::size_t begin, std::size_t end, std::size_t) {
        for_members(call, begin, end, [&](std::size_t row, const expert_workspace::member& of) {
            std::copy_n(call.x + of.token * n_embd, n_embd, work.rows.data() + row * n_embd);
        });
    });
    call.activations.quantize(threads, work.rows.data(), {work.ranges.data(), n_groups}, users);
}

/// out += weight * result for each row of n_groups groups. Threads share columns, so that the experts of a token come
/// one after the other, whoever adds them.
inline void add_results(executor& threads, const expert_call& call, std::size_t n_groups) noexcept {
    const auto add = call.activations.kernels().elementwise.add_scaled;
    const float* rows = call.workspace.rows.data();
    const std::size_t n_embd = call.n_embd(), columns = call.is_one() ? n_embd : 256;
    threads.for_blocks(n_embd, columns, [&](std::size_t begin, std::size_t end, std::size_t) {
        for_members(call, 0, n_groups, [&](std::size_t row, const expert_workspace::member& of) {
            add(call.out + of.token * n_embd + begin, rows + row * n_embd + begin, of.weight, end - begin);
        });
    });
}

/// out += weight * (down . (act(gate . x) * (up . x))) for each token of n_groups groups.
inline void run_wave(executor& threads, const expert_call& call, std::size_t n_groups) noexcept {
    auto& work = call.workspace;
    fetch_experts(threads, work, n_groups);
    gather(threads, call, n_groups);
    gated_linear(threads, {work.gated.data(), n_groups}, call.act, call.activations, call.up_scratch, work.max_rows);
    call.activations.quantize(threads, call.gated, {work.ranges.data(), n_groups}, {&call.down.w, 1});
    linear(threads, {work.down.data(), n_groups}, call.activations);
    add_results(threads, call, n_groups);
}

}  // namespace detail

/// out = the sum of weight * down . (act(gate . x) * (up . x)) over the experts that choose_experts gives a token, in
/// ascending order, from 0 on, each addition an fma: whatever other tokens there are. An expert that tokens share is
/// read once for all of them, one that none has chosen is not read.
inline void experts(executor& threads, const expert_call& call) noexcept {
    detail::group_by_expert(threads, call);
    std::fill_n(call.out, call.n_tokens * call.n_embd(), 0.0f);
    for (std::size_t expert = 0; !threads.stopped() && expert < call.rules.n_experts;)
        if (const std::size_t n_groups = detail::plan_wave(call, expert)) detail::run_wave(threads, call, n_groups);
}

NIBBLE_NAMESPACE_END
