// SPDX-License-Identifier: Apache-2.0
// The kernel sets that this machine's CPU can run, and activations as they read them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/cpu.hpp>
#include <nibble/kernels/best.hpp>

namespace nibble::test {

/// Every set that the CPU can run, the scalar one among them: its gemm and its gemv are two things too.
inline std::vector<const kernel_set*> runnable_sets() {
    std::vector<const kernel_set*> sets;
    for (const kernel_set* set : kernel_sets())
        if (set->runs_on(detect_cpu())) sets.push_back(set);
    return sets;
}

/// `n_tokens` rows of `depth` values at `x` as gemv or gemm of `set` reads them for the formats of `form`.
inline aligned_buffer<std::byte> tokens_for(const kernel_set& set, activation_form form, bool gemm, const float* x,
                                            std::size_t n_tokens, std::size_t depth) {
    if (form == activation_form::floats) {
        aligned_buffer<std::byte> floats{n_tokens * depth * sizeof(float)};
        std::memcpy(floats.data(), x, floats.size());
        return floats;
    }
    const activation_kernels& forms = set.of(form);
    const std::size_t n_blocks = depth / (form == activation_form::blocks_of_256 ? 256 : 32);
    const std::size_t group = gemm ? set.token_group : 1;
    const std::size_t bytes = n_blocks * (gemm ? forms.group_bytes : forms.block_bytes);
    aligned_buffer<std::byte> out{(n_tokens + group - 1) / group * bytes};
    for (std::size_t t = 0; t < n_tokens; t += group) {
        std::byte* to = out.data() + t / group * bytes;
        if (gemm)
            forms.pack_tokens(x + t * depth, depth, std::min(group, n_tokens - t), depth, to);
        else
            forms.quantize_row(x + t * depth, depth, to);
    }
    return out;
}

}  // namespace nibble::test
