// SPDX-License-Identifier: Apache-2.0
// The turns of a conversation: what a user says and all that answers it.
#pragma once

#include <cstddef>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Drops the oldest turn, for a conversation that outgrows its context: the messages from behind the system's, which
/// stay, to the second one of a user. Calls and the results of tools go with the turn that they belong to. Returns how
/// many messages it had; 0, and nothing has happened, where no turn would be left.
NIBBLE_FUNCTION std::size_t drop_oldest_turn(std::vector<message>& messages);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/chat/turns_impl.hpp>
#endif
