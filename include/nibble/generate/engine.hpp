// SPDX-License-Identifier: Apache-2.0
// One model at work for many sequences: they share its threads and memory, and are read in one pass over the weights.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/engine_state.hpp>
#include <nibble/generate/sequence.hpp>
#include <nibble/generate/session_options.hpp>
#include <nibble/model/model.hpp>

NIBBLE_NAMESPACE_BEGIN

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
    explicit engine(const model& source, const engine_options& options = {})
        : state_(std::make_shared<detail::engine_state>(source, options)),
          plan_(detail::plan_of(source, options, state_->n_threads())) {}

    /// The bytes that such an engine would take.
    [[nodiscard]] static memory_plan plan(const model& source, const engine_options& options = {}) {
        return detail::plan_of(source, options, detail::n_threads_of(options));
    }
    /// The bytes that this engine takes.
    [[nodiscard]] const memory_plan& plan() const noexcept { return plan_; }

    [[nodiscard]] const nibble::model& model() const noexcept { return state_->source(); }
    /// Most tokens that a sequence can hold.
    [[nodiscard]] std::size_t context() const noexcept { return state_->context(); }
    [[nodiscard]] std::size_t n_threads() const noexcept { return state_->n_threads(); }

    /// Reads the tokens of all items, each after those that its sequence holds, as many at once as options.batch says.
    /// `logits` has n_vocab values for each of the logits that the items want, in their order.
    /// Returns false when `when` has ended it: the passes until then stay, and the logits hold anything.
    /// Throws, with engine and sequences as they were: errc::ctx_bad_size for an item without tokens, more logits than
    /// tokens, or logits of another size; errc::ctx_bad_token; errc::ctx_full for a sequence or for the memory of all;
    /// errc::bad_option for no sequence, one that is there twice, or one of another engine; errc::ctx_busy.
    bool run(std::span<const batch_item> batch, std::span<float> logits, const stop_when& when = {}) {
        const std::size_t n_vocab = model().config().n_vocab;
        std::vector<detail::reading> wanted;
        std::vector<sequence::use> in_use;
        wanted.reserve(batch.size());
        in_use.reserve(batch.size());
        std::size_t n_logits = 0;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const auto& [to, tokens, n_wanted] = batch[i];
            const std::string where = "item " + std::to_string(i) + " of the batch";
            check(batch.first(i), batch[i], where);
            detail::check_tokens(*state_, tokens, to->position(), where.c_str());
            if (n_wanted > tokens.size())
                throw error(errc::ctx_bad_size, where, "at most " + std::to_string(tokens.size()) + " logits wanted",
                            std::to_string(n_wanted));
            in_use.emplace_back(*to->state_);
            wanted.push_back({to->state_.get(), tokens, n_wanted});
            n_logits += n_wanted;
        }
        if (logits.size() / n_vocab != n_logits || logits.size() % n_vocab != 0)
            throw error(errc::ctx_bad_size, "logits",
                        std::to_string(n_logits) + " x " + std::to_string(n_vocab) + " values",
                        std::to_string(logits.size()));
        return state_->read(wanted, {.logits = logits.data()}, when) == stop_cause::none;
    }
    bool run(std::initializer_list<batch_item> batch, std::span<float> logits, const stop_when& when = {}) {
        return run(std::span<const batch_item>{batch.begin(), batch.size()}, logits, when);
    }

private:
    friend class sequence;
    friend class session;

    /// That the sequence is one of ours, and not one of those `before`.
    void check(std::span<const batch_item> before, const batch_item& item, const std::string& where) const {
        if (!item.to || item.to->state_->engine != state_)
            throw error(errc::bad_option, where, "a sequence of this engine", item.to ? "one of another" : "none");
        const auto same =
            std::find_if(before.begin(), before.end(), [&](const batch_item& other) { return other.to == item.to; });
        if (same != before.end())
            throw error(errc::bad_option, where, "a sequence that is there once",
                        "that of item " + std::to_string(same - before.begin()));
    }

    std::shared_ptr<detail::engine_state> state_;
    memory_plan plan_;
};

inline sequence::sequence(const engine& on) : sequence(std::make_unique<detail::sequence_state>(on.state_)) {}

NIBBLE_NAMESPACE_END
