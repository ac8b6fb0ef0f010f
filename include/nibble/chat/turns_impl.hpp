// SPDX-License-Identifier: Apache-2.0
// Definitions of chat/turns.hpp: where a turn ends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/chat/turns.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION std::size_t drop_oldest_turn(std::vector<message>& messages) {
    const auto is_user = [](const message& m) { return m.role == role::user; };
    const auto is_system = [](const message& m) { return m.role == role::system; };
    const auto first = std::find_if_not(messages.begin(), messages.end(), is_system);
    const auto next = first == messages.end() ? first : std::find_if(first + 1, messages.end(), is_user);
    if (next == messages.end()) return 0;
    const auto n = static_cast<std::size_t>(next - first);
    messages.erase(first, next);
    return n;
}

NIBBLE_NAMESPACE_END
