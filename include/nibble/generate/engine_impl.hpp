// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/engine.hpp and generate/sequence.hpp: each call with the sequences that it uses.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/error.hpp>
#include <nibble/generate/engine.hpp>
#include <nibble/generate/engine_state.hpp>
#include <nibble/generate/sequence.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Held for the time of a call.
class sequence::use {
public:
    explicit use(detail::sequence_state& state) : state_(&state) {
        if (state.busy.exchange(true, std::memory_order_acquire))
            throw error(errc::ctx_busy, "sequence", "one call at a time", "a call while another is under way");
    }
    use(use&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    use& operator=(use&&) = delete;
    ~use() {
        if (state_) state_->busy.store(false, std::memory_order_release);
    }

private:
    detail::sequence_state* state_;
};

NIBBLE_FUNCTION sequence::sequence(const engine& on) : sequence(std::make_unique<detail::sequence_state>(on.state_)) {}

NIBBLE_FUNCTION sequence::sequence(sequence&&) noexcept = default;
NIBBLE_FUNCTION sequence& sequence::operator=(sequence&&) noexcept = default;
NIBBLE_FUNCTION sequence::~sequence() = default;

NIBBLE_FUNCTION std::size_t sequence::context() const noexcept { return state_->engine->context(); }

NIBBLE_FUNCTION std::size_t sequence::position() const noexcept { return state_->position(); }

NIBBLE_FUNCTION std::span<const token> sequence::tokens() const noexcept { return state_->tokens; }

NIBBLE_FUNCTION void sequence::rewind(std::size_t position) {
    const use of{*state_};
    detail::check_rewind(state_->cache, position);
    state_->rewind(position);
}

NIBBLE_FUNCTION sequence sequence::fork() const {
    const use of{*state_};
    return sequence{std::make_unique<detail::sequence_state>(*state_)};
}

NIBBLE_FUNCTION sequence::sequence(std::unique_ptr<detail::sequence_state> state) noexcept : state_(std::move(state)) {}

NIBBLE_FUNCTION engine::engine(const nibble::model& source, const engine_options& options)
    : state_(std::make_shared<detail::engine_state>(source, options)),
      plan_(detail::plan_of(source, options, state_->n_threads())) {}

NIBBLE_FUNCTION memory_plan engine::plan(const nibble::model& source, const engine_options& options) {
    return detail::plan_of(source, options, detail::n_threads_of(options));
}

NIBBLE_FUNCTION const memory_plan& engine::plan() const noexcept { return plan_; }

NIBBLE_FUNCTION const nibble::model& engine::model() const noexcept { return state_->source(); }

NIBBLE_FUNCTION std::size_t engine::context() const noexcept { return state_->context(); }

NIBBLE_FUNCTION std::size_t engine::n_threads() const noexcept { return state_->n_threads(); }

NIBBLE_FUNCTION bool engine::run(array_view<batch_item> batch, std::span<float> logits, const stop_when& when) {
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

NIBBLE_FUNCTION bool engine::run(std::initializer_list<batch_item> batch, std::span<float> logits,
                                 const stop_when& when) {
    return run(array_view<batch_item>{batch.begin(), batch.size()}, logits, when);
}

NIBBLE_FUNCTION void engine::check(array_view<batch_item> before, const batch_item& item,
                                   const std::string& where) const {
    if (!item.to || item.to->state_->engine != state_)
        throw error(errc::bad_option, where, "a sequence of this engine", item.to ? "one of another" : "none");
    const auto same =
        std::find_if(before.begin(), before.end(), [&](const batch_item& other) { return other.to == item.to; });
    if (same != before.end())
        throw error(errc::bad_option, where, "a sequence that is there once",
                    "that of item " + std::to_string(same - before.begin()));
}

NIBBLE_NAMESPACE_END
