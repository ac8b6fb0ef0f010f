// SPDX-License-Identifier: Apache-2.0
// Attention over one block of positions: the order of its steps, the same for every instruction set with vectors.
#pragma once

#include <cstddef>

#include <nibble/kernels/attention/attention.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace kernels {

/// `attend` of a table. K has the two steps that hold vectors:
///   multiply_cached(rows, a, a_stride, panel, depth, out, out_stride, converted)   rows times one panel of the cache
///   softmax_weights<Cache>(p, begin, end, row_first, row_end, cap, cache, max, sum)  scores of one row to weights
/// As the specification; a position that a row does not see has weight 0 and adds exact zeros. What no row sees, the
/// first one sees neither, is left out: scores from the panel of the first position on, sums from that position.
template <class K, class Cache>
inline void attend(const attention_queries& queries, const std::byte* block, const attention_partial& out,
                   const attention_work& work) noexcept {
    const std::size_t head_dim = queries.head_dim;
    const std::size_t stride = padded_head_dim(head_dim);
    const cache_block<Cache> cache{const_cast<std::byte*>(block), head_dim};  // only read
    const std::size_t first = queries.first_of(0), end = queries.end_of(queries.rows - 1);
    const std::size_t first_panel = first / attention_panel * attention_panel;
    const std::size_t end_panel = (end + attention_panel - 1) / attention_panel * attention_panel;

    for (std::size_t i = first_panel; i < end_panel; i += attention_panel)
        K::multiply_cached(queries.rows, queries.q, head_dim, cache.keys + i * head_dim, head_dim, work.scores + i,
                           attention_block, work.panel);
    for (std::size_t r = 0; r < queries.rows; ++r)
        K::template softmax_weights<Cache>(work.scores + r * attention_block, first_panel, end_panel,
                                           queries.first_of(r), queries.end_of(r), queries.cap, cache, out.max + r,
                                           out.sum + r);
    for (std::size_t d = 0; d < stride; d += attention_panel)
        K::multiply_cached(queries.rows, work.scores + first, attention_block,
                           cache.values + d * attention_block + first * attention_panel, end - first, out.acc + d,
                           stride, work.panel);
}

}  // namespace kernels
NIBBLE_NAMESPACE_END
