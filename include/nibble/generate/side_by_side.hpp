// SPDX-License-Identifier: Apache-2.0
// Replies of several sessions of one engine that go on together: one pass over the weights for a token of each.
#pragma once

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

class generation;

/// Each of the replies, all different ones, goes on by a piece, which it then has as piece(), or to its end. Where
/// their sessions share an engine the tokens of all are read in one pass over the weights: a few replies together take
/// little longer than one. Each says what it would say by itself. A reply with drafts, or whose prompt is not read yet,
/// does its reading alone; `cancel` of one acts between two passes. A call takes some bytes of memory for each reply.
/// Throws errc::ctx_busy, before anything has
/// happened, where a session serves another call or has done something else since; what a reply's increment throws: the
/// other replies may then have no piece, and go on with the next call.
void advance(array_view<generation*> replies);

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/side_by_side_impl.hpp>
#endif
