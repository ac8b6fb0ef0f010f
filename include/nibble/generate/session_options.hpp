// SPDX-License-Identifier: Apache-2.0
// What a caller can choose about a session or an engine, and the bytes that it then takes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include <nibble/core/config.hpp>
#include <nibble/core/cpu.hpp>
#include <nibble/core/thread_pool.hpp>
#include <nibble/kernels/attention/cache_type.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Options of a session, or of an engine for many sequences. Memory for all of it is taken at the start.
struct session_options {
    /// Most tokens that a session or sequence can hold, prompt and replies together; more than the model was trained
    /// for is cut down to that. session.context() says what it came to.
    std::size_t context = 4096;
    /// Threads that compute, the caller among them; 0 is all that the system allows this process, and more than those
    /// are never started: they would wait for each other. Who wants them all the same makes a `pool` of them.
    unsigned threads = 0;
    /// Most tokens of a prompt that are read at once, with one pass over the weights; more than the context is cut down
    /// to that. Progress is told between two batches.
    std::size_t batch = 512;
    /// How keys and values are kept: 16-bit integers with a scale, which round ten times finer than halves; see
    /// cache_type.
    cache_type kv_type = cache_type::q16;
    /// Threads to share with other sessions, which then take turns; `threads` has no effect.
    std::shared_ptr<thread_pool> pool = {};
    /// Sequences that memory is there for: a session and its forks, or those of an engine.
    std::size_t sequences = 1;
    /// Tokens that they can hold together; what a fork shares with its origin counts once. 0: `sequences` contexts.
    std::size_t positions = 0;
    /// Instruction sets to use, by default all that this CPU has. Less gives the same results, slower: for comparisons.
    cpu_features cpu = detect_cpu();
};

using engine_options = session_options;

/// Receives a file piece by piece; what it throws goes on to the caller of save().
using byte_sink = std::function<void(std::span<const std::byte>)>;

/// The bytes that a session takes, all of them when it starts. Pages of the cache that no token has reached are
/// reserved and not resident.
struct memory_plan {
    std::size_t kv_cache = 0;
    std::size_t workspace = 0;  ///< activations of one batch
    std::size_t sampling = 0;   ///< logits, candidates and the ids of the tokens read
    [[nodiscard]] std::size_t total() const noexcept { return kv_cache + workspace + sampling; }
};

NIBBLE_NAMESPACE_END
