// SPDX-License-Identifier: Apache-2.0
// What an engine with certain options takes: checked, said, and taken.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <nibble/core/checked.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/cpu.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/thread_pool.hpp>
#include <nibble/generate/session_options.hpp>
#include <nibble/kernels/best.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/kv_pool.hpp>
#include <nibble/model/model.hpp>
#include <nibble/model/workspace.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// The option that says how many positions there are.
[[nodiscard]] inline const char* name_of_positions(const session_options& options) noexcept {
    return options.positions != 0 ? "positions" : options.sequences > 1 ? "sequences" : "context";
}

[[nodiscard]] inline std::size_t bytes_of_block(const model_config& config, const session_options& options) {
    return kv_pool::bytes(config, {.type = options.kv_type, .positions = attention_block});
}

/// Most positions of a sequence. Throws for options that make no sense or whose sizes do not fit into 64 bits.
inline std::size_t context_of(const model_config& config, const session_options& options) {
    const auto refuse_0 = [](const char* name, std::size_t value, const char* what) {
        if (value == 0) throw error(errc::ctx_bad_size, "session option '" + std::string{name} + "'", what, "0");
    };
    const std::size_t context = std::min(options.context, config.n_ctx_train);
    refuse_0("context", context, "at least 1 token");
    refuse_0("batch", options.batch, "at least 1 token");
    refuse_0("sequences", options.sequences, "at least 1");
    const checked_size asked =
        options.positions == 0 ? checked_size{context} * options.sequences : checked_size{options.positions};
    const auto positions = asked.value();
    const std::size_t block_bytes = bytes_of_block(config, options);
    const auto bytes = positions ? (checked_size{*positions / attention_block + 1} * block_bytes).value() : positions;
    if (!bytes || *bytes > static_cast<std::uint64_t>(PTRDIFF_MAX))
        throw error(errc::ctx_bad_size, "session option '" + std::string{name_of_positions(options)} + "'",
                    "a cache that fits into memory",
                    (positions ? std::to_string(*positions) : "more than 2^64") + " tokens of " +
                        std::to_string(block_bytes / attention_block) + " bytes");
    return context;
}

/// The threads that an engine with these options starts.
[[nodiscard]] inline unsigned n_threads_of(const session_options& options) {
    if (options.pool) return options.pool->size();
    const unsigned n_available = available_threads();
    return options.threads == 0 ? n_available : std::min(options.threads, n_available);
}

[[nodiscard]] inline kv_shape kv_shape_of(const session_options& options, std::size_t context) noexcept {
    return {.type = options.kv_type,
            .positions = options.positions == 0 ? context * options.sequences : options.positions,
            .sequences = options.sequences,
            .batch = std::min(options.batch, context)};
}

/// Most tokens in one pass.
[[nodiscard]] inline std::size_t batch_of(const session_options& options, std::size_t context) noexcept {
    return std::min(options.batch, kv_shape_of(options, context).positions);
}

[[nodiscard]] inline workspace_shape shape_of(const session_options& options, std::size_t context,
                                              std::size_t n_threads) noexcept {
    return {batch_of(options, context), context, n_threads};
}

/// Of the logits that are computed together for so many sequences.
[[nodiscard]] inline std::size_t joint_bytes(const model_config& config, std::size_t n_sequences) noexcept {
    return n_sequences > 1 ? n_sequences * config.n_vocab * sizeof(float) : 0;
}

[[nodiscard]] inline memory_plan plan_of(const model& source, const session_options& options, std::size_t n_threads) {
    const std::size_t context = context_of(source.config(), options);
    return {.kv_cache = kv_pool::bytes(source.config(), kv_shape_of(options, context)),
            .workspace = workspace::bytes(best_kernels(options.cpu), source.config(), source.weights(),
                                          shape_of(options, context, n_threads)),
            .sampling = joint_bytes(source.config(), std::min(options.sequences, batch_of(options, context)))};
}

/// An error says what takes the memory.
inline workspace make_workspace(const model& source, const session_options& options, const workspace_shape& shape) {
    const kernel_set& kernels = best_kernels(options.cpu);
    try {
        return workspace{kernels, source.config(), source.weights(), shape};
    } catch (const error& problem) {
        if (problem.code() != errc::out_of_memory) throw;
    }
    throw error(errc::out_of_memory, "session option 'batch'", "memory for its activations",
                std::to_string(shape.batch) + " tokens at once, which take " +
                    std::to_string(workspace::bytes(kernels, source.config(), source.weights(), shape)) + " bytes");
}

/// An error says what the cache takes and what would fit: the blocks that there is memory for, to a 64th.
inline std::shared_ptr<kv_pool> make_cache_pool(const model_config& config, const session_options& options,
                                                std::size_t context) {
    const kv_shape shape = kv_shape_of(options, context);
    const auto pool_of = [&](std::size_t positions) -> std::shared_ptr<kv_pool> {
        kv_shape smaller = shape;
        smaller.positions = positions;
        try {
            return std::make_shared<kv_pool>(config, smaller);
        } catch (const error& problem) {
            if (problem.code() != errc::out_of_memory) throw;
            return nullptr;
        }
    };
    if (auto pool = pool_of(shape.positions)) return pool;
    std::size_t fits = 0, too_many = shape.positions / attention_block + 1;  // in blocks
    while (too_many - fits > 1 + fits / 64) {
        const std::size_t middle = fits + (too_many - fits) / 2;
        (pool_of(middle * attention_block) ? fits : too_many) = middle;
    }
    throw error(errc::out_of_memory, "session option '" + std::string{name_of_positions(options)} + "'",
                "at most " + std::to_string(fits * attention_block) + " tokens, for which there is memory",
                std::to_string(shape.positions) + " tokens, whose keys and values take " +
                    std::to_string(kv_pool::bytes(config, shape)) + " bytes");
}

}  // namespace detail
NIBBLE_NAMESPACE_END
