// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/generation.hpp: how a reply comes about.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/generate/generation.hpp>
#include <nibble/generate/session_state.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION generation::iterator generation::begin() & {
    advance();
    return iterator{*this};
}

NIBBLE_FUNCTION std::string_view generation::finish() & {
    while (reason_ == finish_reason::none) advance();
    return text();
}

NIBBLE_FUNCTION std::string_view generation::stop_string() const& noexcept {
    return stops_.matched() ? std::string_view{options_.stop[stops_.which()]} : std::string_view{};
}

NIBBLE_FUNCTION generation::generation(const std::shared_ptr<detail::session_state>& state,
                                       std::span<const token> prompt, const generation_options& options)
    : session_(state),
      required_call_(options.tool_choice.require
                         ? options.tool_choice.require(options, state->source().reply_format(), state->trie())
                         : nullptr),
      options_(constrained(options, required_call_.get())),
      stops_(options.stop),
      tag_tokens_(state->tag_tokens()),
      thinking_(state->source().tokenizer(), state->source().reply_format(), prompt, options_) {
    const auto started = clock::now();
    auto& session = *state;
    starts_in_reasoning_ = thinking_.opened();
    session.check_tokens(prompt, 0, "prompt");
    validate(options_, session.source().config().n_vocab);
    const std::size_t room = std::min(options_.max_tokens, session.context() + 1 - prompt.size());
    tokens_.reserve(room);
    text_.reserve(std::min(room, session.context()) * reserved_bytes_per_token);
    if (options_.n_probs > 0) logprobs_.reserve(room, static_cast<std::size_t>(options_.n_probs));
    session.sampler().configure(options_, session.context(), dry_breakers());

    const std::size_t reused = std::min(session.common_prefix(prompt), prompt.size() - 1);
    session.rewind(reused);
    if (!session.read(prompt.subspan(reused), {options_.cancel, &options_.on_progress}))
        reason_ = finish_reason::cancelled;
    turn_ = session.turn();
    stats_.prompt_tokens = prompt.size();
    stats_.reused_tokens = reused;
    stats_.prompt_seconds = seconds_since(started);
}

NIBBLE_FUNCTION generation::generation(const std::shared_ptr<detail::session_state>& state,
                                       const generation_options& options)
    : session_(state),
      turn_(state->turn()),
      options_(options),
      stops_(options.stop),
      thinking_(state->source().tokenizer(), state->source().reply_format(), {}, options),
      reason_(finish_reason::cancelled) {
    validate(options_, state->source().config().n_vocab);
}

NIBBLE_FUNCTION generation_options generation::constrained(generation_options options, token_constraint* by) {
    if (by) options.constraint = by;
    return options;
}

NIBBLE_FUNCTION void generation::advance() {
    piece_begin_ = n_given_;
    if (reason_ != finish_reason::none) return;
    const detail::session_state::lock lock{*session_};
    if (session_->turn() != turn_)
        throw error(errc::ctx_busy, "generation", "the session as this reply left it", "a later use of the session");
    const auto started = clock::now();
    while (reason_ == finish_reason::none && piece().empty()) step();
    stats_.generation_seconds += seconds_since(started);
}

NIBBLE_FUNCTION void generation::step() {
    if (options_.cancel && options_.cancel->load(std::memory_order_relaxed)) return end(finish_reason::cancelled);
    if (tokens_.size() >= options_.max_tokens) return end(finish_reason::token_limit);
    if (unread_) {
        if (session_->position() == session_->context()) return end(finish_reason::context_full);
        (void)session_->read({&tokens_.back(), 1}, {});
        turn_ = session_->turn();
        unread_ = false;
    }
    const auto forced = thinking_.forced_token();
    const bool constrained = options_.constraint && !thinking_.inside();
    if (constrained && options_.constraint->finished()) return end(finish_reason::constraint);
    const token id = forced ? *forced : session_->sample(constrained);
    take(id, forced.has_value(), constrained);
}

NIBBLE_FUNCTION void generation::take(token id, bool forced, bool constrained) {
    const auto& tokenizer = session_->source().tokenizer();
    if (options_.n_probs > 0) {
        if (forced)
            logprobs_.add({id, 0.0f}, {});
        else
            logprobs_.add(session_->sampler().picked_logprob(), session_->sampler().top_logprobs());
    }
    tokens_.push_back(id);
    ++stats_.generated_tokens;
    unread_ = true;
    const bool was_thinking = thinking_.inside();
    thinking_.take(id);
    thought_ = was_thinking || thinking_.inside();  // its tags are part of it
    if (constrained) options_.constraint->accept(id);
    if (tokenizer.is_eog(id)) return end(finish_reason::end_token);

    const bool shown = std::binary_search(tag_tokens_.begin(), tag_tokens_.end(), id);
    append(characters_.push(tokenizer.piece(id, {.special = shown})));
    if (reason_ != finish_reason::none) return;
    if (constrained && options_.constraint->finished()) return end(finish_reason::constraint);
    if (tokens_.size() >= options_.max_tokens) return end(finish_reason::token_limit);
}

NIBBLE_FUNCTION void generation::append(std::string_view characters) {
    text_ += characters;
    if (thought_ && !options_.stop_in_thinking) {
        stops_.skip(characters.size());
    } else {
        stops_.feed(characters);
    }
    n_given_ = stops_.settled();
    if (stops_.matched()) {
        text_.resize(n_given_);
        reason_ = finish_reason::stop_string;
    }
}

NIBBLE_FUNCTION void generation::end(finish_reason reason) {
    append(characters_.finish());
    n_given_ = text_.size();  // held back for a stop string that did not come
    if (reason_ == finish_reason::none) reason_ = reason;
}

NIBBLE_FUNCTION std::vector<token> generation::dry_breakers() const {
    std::vector<token> out;
    if (options_.dry_multiplier <= 0.0f) return out;
    const auto& tokenizer = session_->source().tokenizer();
    for (token id = 0; static_cast<std::size_t>(id) < tokenizer.n_vocab(); ++id) {
        const auto text = tokenizer.piece(id);
        if (std::any_of(options_.dry_sequence_breakers.begin(), options_.dry_sequence_breakers.end(),
                        [&](const std::string& breaker) { return text.find(breaker) != std::string_view::npos; }))
            out.push_back(id);
    }
    return out;
}

NIBBLE_FUNCTION double generation::seconds_since(clock::time_point start) noexcept {
    return std::chrono::duration<double>(clock::now() - start).count();
}

NIBBLE_NAMESPACE_END
