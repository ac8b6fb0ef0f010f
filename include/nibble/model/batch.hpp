// SPDX-License-Identifier: Apache-2.0
// What one forward pass reads: tokens of one sequence or of several.
#pragma once

#include <cstddef>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/model/kv_cache.hpp>
#include <nibble/ops/largest_value.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Tokens that follow each other from cache->position() on.
struct batch_part {
    std::span<const token> tokens;  ///< at least one; ids below n_vocab
    kv_cache* cache;                ///< of no other part of the pass; it has taken blocks for the tokens
    std::size_t n_results = 0;      ///< tokens at the end whose logits or hidden states are wanted
};

/// Where the results of a pass go, those of its parts one after the other; null: not wanted.
struct batch_results {
    float* logits = nullptr;              ///< [n_results of all parts][n_vocab]
    float* hidden = nullptr;              ///< [n_results of all parts][n_embd]  what the logits are made of
    largest_value* best_logit = nullptr;  ///< the largest of the last row of logits
};

/// One token of a pass.
struct batch_row {
    token id;
    std::size_t row;       ///< its row in the buffers of the pass
    std::size_t part;      ///< index of its part
    std::size_t position;  ///< in its sequence
};

NIBBLE_NAMESPACE_END
