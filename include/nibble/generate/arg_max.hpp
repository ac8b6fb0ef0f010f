// SPDX-License-Identifier: Apache-2.0
// The best token of a position.
#pragma once

#include <optional>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/ops/largest_value.hpp>

NIBBLE_NAMESPACE_BEGIN

/// The token with the highest finite logit, the lowest id of equal ones; nothing when no logit is finite.
[[nodiscard]] inline std::optional<token> token_of(const largest_value& best) noexcept {
    if (best.index == largest_value::none) return std::nullopt;
    return static_cast<token>(best.index);
}
[[nodiscard]] inline std::optional<token> arg_max(std::span<const float> logits) noexcept {
    largest_value best;
    best.look_at(logits, 0);
    return token_of(best);
}

NIBBLE_NAMESPACE_END
