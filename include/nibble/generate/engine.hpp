// SPDX-License-Identifier: Apache-2.0
// One model at work for many sequences: they share its threads and memory, and are read in one pass over the weights.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/sequence.hpp>
#include <nibble/generate/session_options.hpp>
#include <nibble/model/model.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {
class engine_state;
}

/// Tokens that a sequence is to read, in a batch with others.
struct batch_item {
    sequence* to;                   ///< not null
    std::span<const token> tokens;  ///< at least one
    std::size_t n_logits = 1;       ///< tokens at the end whose logits are wanted, at most tokens.size()
};

/// Owns the memory of a number of sequences and the threads and memory to compute in; keeps a share of the model. A
/// handle: sequences and sessions that are made of it keep a share of it. Calls from several threads take turns.
///
/// What a sequence gives does not depend on what else is in its batch, nor on forks, rewinds or other sequences: the
/// same bits as by itself.
class engine {
public:
    /// Takes all its memory. Throws errc::ctx_bad_size for options of 0 or a cache that no memory can hold,
    /// errc::out_of_memory.
    explicit engine(const model& source, const engine_options& options = {});

    /// The bytes that such an engine would take.
    [[nodiscard]] static memory_plan plan(const model& source, const engine_options& options = {});
    /// The bytes that this engine takes.
    [[nodiscard]] const memory_plan& plan() const noexcept;

    [[nodiscard]] const nibble::model& model() const noexcept;
    /// Most tokens that a sequence can hold.
    [[nodiscard]] std::size_t context() const noexcept;
    [[nodiscard]] std::size_t n_threads() const noexcept;

    /// Reads the tokens of all items, each after those that its sequence holds, as many at once as options.batch says.
    /// `logits` has n_vocab values for each of the logits that the items want, in their order.
    /// Returns false when `when` has ended it: the passes until then stay, and the logits hold anything.
    /// Throws, with engine and sequences as they were: errc::ctx_bad_size for an item without tokens, more logits than
    /// tokens, or logits of another size; errc::ctx_bad_token; errc::ctx_full for a sequence or for the memory of all;
    /// errc::bad_option for no sequence, one that is there twice, or one of another engine; errc::ctx_busy.
    bool run(array_view<batch_item> batch, std::span<float> logits, const stop_when& when = {});
    bool run(std::initializer_list<batch_item> batch, std::span<float> logits, const stop_when& when = {});

private:
    friend class sequence;
    friend class session;

    /// That the sequence is one of ours, and not one of those `before`.
    void check(array_view<batch_item> before, const batch_item& item, const std::string& where) const;

    std::shared_ptr<detail::engine_state> state_;
    memory_plan plan_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/engine_impl.hpp>
#endif
