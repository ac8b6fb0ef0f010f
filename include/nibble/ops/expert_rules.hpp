// SPDX-License-Identifier: Apache-2.0
// How the experts of a layer are chosen and weighed.
#pragma once

#include <cstddef>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Of each token by itself.
struct expert_rules {
    std::size_t n_experts = 0;  ///< of a layer; 0: it has one feed-forward, which all tokens use
    std::size_t n_used = 0;     ///< of a token; at most n_experts
    bool normalised = true;     ///< weights are a softmax over the chosen; else what a softmax over all gives these
    float scale = 1;            ///< multiplies the weights
};

NIBBLE_NAMESPACE_END
