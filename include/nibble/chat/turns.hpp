// SPDX-License-Identifier: Apache-2.0
// The turns of a conversation: what a user says and all that answers it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Drops the oldest turn, for a conversation that outgrows its context: the messages from behind the system's, which
/// stay, to the second one of a user. Calls and the results of tools go with the turn that they belong to. Returns how
/// many messages it had; 0, and nothing has happened, where no turn would be left.
inline std::size_t drop_oldest_turn(std::vector<message>& messages) {
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
