// SPDX-License-Identifier: Apache-2.0
// How likely a token is to a model.
#pragma once

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>

NIBBLE_NAMESPACE_BEGIN

/// A token and the natural logarithm of the probability that the model gives it.
struct token_logprob {
    token id;
    float logprob;
};

NIBBLE_NAMESPACE_END
