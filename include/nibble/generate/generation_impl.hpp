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

#include <nibble/core/any_of.hpp>
#include <nibble/core/error.hpp>
#include <nibble/generate/generation.hpp>
#include <nibble/generate/session_file.hpp>
#include <nibble/generate/session_state.hpp>
#include <nibble/generate/token_reader.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION generation::iterator generation::begin() & {
    advance();
    return iterator{*this};
}

NIBBLE_FUNCTION advance_result generation::advance_for(std::chrono::nanoseconds duration) {
    const auto now = clock::now();
    return advance(duration < no_deadline - now ? now + duration : no_deadline, slice_tokens);
}

NIBBLE_FUNCTION void generation::save(const byte_sink& sink) const {
    const detail::session_state::lock lock{*session_};
    check_undisturbed();
    const auto read = session_->tokens(), unread = reader_->unread();
    detail::saved_reply reply{{read.begin(), read.end()}, stats_.prompt_tokens, session_->sampler().state()};
    reply.text.insert(reply.text.end(), unread.begin(), unread.end());
    const bool has_prompt = stats_.prompt_tokens > 0;  // not one that was cancelled while it was rendered
    detail::write_session(*session_, has_prompt ? &reply : nullptr, sink);
}

NIBBLE_FUNCTION std::string_view generation::finish() & {
    while (reason_ == finish_reason::none) advance();
    return text();
}

NIBBLE_FUNCTION std::string_view generation::stop_string() const& noexcept {
    return text_.stopped() ? std::string_view{options_.stop[text_.stopped_by()]} : std::string_view{};
}

NIBBLE_FUNCTION generation::generation(generation&&) noexcept = default;
NIBBLE_FUNCTION generation& generation::operator=(generation&&) noexcept = default;
NIBBLE_FUNCTION generation::~generation() = default;

NIBBLE_FUNCTION generation::generation(const std::shared_ptr<detail::session_state>& state,
                                       std::span<const token> prompt, const generation_options& options,
                                       const detail::saved_reply* so_far)
    : session_(state),
      reader_(std::make_unique<detail::token_reader>(*state, options.draft)),
      required_call_(options.tool_choice.require
                         ? options.tool_choice.require(options, state->source().reply_format(), state->trie())
                         : nullptr),
      options_(constrained(options, required_call_.get())),
      text_(options.stop),
      tag_tokens_(state->tag_tokens()),
      thinking_(state->source().tokenizer(), state->source().reply_format(), prompt, options_) {
    auto& session = *state;
    starts_in_reasoning_ = thinking_.opened();
    session.check_tokens(prompt, 0, "prompt");
    validate(options_, session.source().config().n_vocab);
    const std::size_t room = std::min(options_.max_tokens, session.context() + 1 - prompt.size());
    tokens_.reserve(room);
    text_.reserve(std::min(room, session.context()) * reserved_bytes_per_token);
    if (options_.n_probs > 0) logprobs_.reserve(room, static_cast<std::size_t>(options_.n_probs));
    session.sampler().configure(options_, session.context(), dry_breakers());
    stats_.prompt_tokens = prompt.size();
    stats_.reused_tokens = reader_->start(so_far ? std::span<const token>{so_far->text} : prompt);
    if (so_far) {
        for (const token id : std::span{so_far->text}.subspan(prompt.size())) repeat(id);
        text_.begin_piece();
        n_resumed_ = text().size();
        session.sampler().go_on_from(so_far->sampling);
    }
    if (!options_.lazy_prompt) read_prompt();
}

NIBBLE_FUNCTION generation::generation(const std::shared_ptr<detail::session_state>& state,
                                       const generation_options& options)
    : session_(state),
      reader_(std::make_unique<detail::token_reader>(*state, draft_options{})),
      options_(options),
      text_(options.stop),
      thinking_(state->source().tokenizer(), state->source().reply_format(), {}, options),
      reason_(finish_reason::cancelled) {
    validate(options_, state->source().config().n_vocab);
}

NIBBLE_FUNCTION generation_options generation::constrained(generation_options options, token_constraint* by) {
    if (by) options.constraint = by;
    return options;
}

NIBBLE_FUNCTION void generation::check_undisturbed() const {
    if (!reader_->undisturbed())
        throw error(errc::ctx_busy, "generation", "the session as this reply left it", "a later use of the session");
}

NIBBLE_FUNCTION void generation::watch() { session_->stop().watch({options_.cancel, options_.deadline}); }

NIBBLE_FUNCTION void generation::read_prompt() try {
    watch();
    for (auto at = clock::now(); reader_->in_prompt() && reason_ == finish_reason::none;) timed_step(all_tokens, at);
} catch (...) {
    session_->rewind(session_->keeps(stats_.reused_tokens) ? stats_.reused_tokens : 0);
    throw;
}

NIBBLE_FUNCTION void generation::advance() { (void)advance(no_deadline, all_tokens); }

NIBBLE_FUNCTION advance_result generation::advance(clock::time_point until, std::size_t batch) {
    text_.begin_piece();
    if (reason_ != finish_reason::none) return advance_result::done;
    const detail::session_state::lock lock{*session_};
    check_undisturbed();
    watch();
    auto at = clock::now();
    do {
        timed_step(batch, at);
    } while (reason_ == finish_reason::none && piece().empty() && at < until);
    if (!piece().empty()) return advance_result::piece;
    return reason_ == finish_reason::none ? advance_result::pending : advance_result::done;
}

NIBBLE_FUNCTION void generation::timed_step(std::size_t batch, clock::time_point& at) {
    double& seconds = reader_->in_prompt() ? stats_.prompt_seconds : stats_.generation_seconds;
    step(batch);
    const auto begun = std::exchange(at, clock::now());
    seconds += std::chrono::duration<double>(at - begun).count();
    stats_.drafted_tokens = reader_->n_drafted();
    stats_.accepted_tokens = reader_->n_accepted();
}

NIBBLE_FUNCTION void generation::step(std::size_t batch) {
    if (session_->stop().look()) return end(stop_reason());
    if (reader_->is_full()) return end(finish_reason::context_full);
    if (!reader_->ready()) return reader_->step(batch, options_.on_progress);
    if (tokens_.size() >= options_.max_tokens) return end(finish_reason::token_limit);
    const auto forced = thinking_.forced_token();
    const bool constrained = options_.constraint && !thinking_.inside();
    if (constrained && options_.constraint->finished()) return end(finish_reason::constraint);
    const token id = forced ? *forced : session_->sample(constrained);
    take(id, forced.has_value(), constrained);
}

NIBBLE_FUNCTION void generation::take(token id, bool forced, bool constrained) {
    if (options_.n_probs > 0) {
        if (forced)
            logprobs_.add({id, 0.0f}, {});
        else
            logprobs_.add(session_->sampler().picked_logprob(), session_->sampler().top_logprobs());
    }
    reader_->push(id);
    append(id, constrained);
}

NIBBLE_FUNCTION void generation::repeat(token id) {
    if (reason_ != finish_reason::none) return;
    (void)thinking_.forced_token();
    const bool constrained = options_.constraint && !thinking_.inside();
    if (constrained && options_.constraint->finished()) return end(finish_reason::constraint);
    if (options_.n_probs > 0) logprobs_.add({id, 0.0f}, {});
    append(id, constrained);
}

NIBBLE_FUNCTION void generation::append(token id, bool constrained) {
    const auto& tokenizer = session_->source().tokenizer();
    tokens_.push_back(id);
    ++stats_.generated_tokens;
    const bool was_thinking = thinking_.inside();
    thinking_.take(id);
    thought_ = was_thinking || thinking_.inside();  // its tags are part of it
    if (constrained) options_.constraint->accept(id);
    if (tokenizer.is_eog(id)) return end(finish_reason::end_token);

    const bool shown = std::binary_search(tag_tokens_.begin(), tag_tokens_.end(), id);
    if (!text_.add(tokenizer.piece(id, {.special = shown}), stops_count())) {
        reason_ = finish_reason::stop_string;
        return;
    }
    if (constrained && options_.constraint->finished()) return end(finish_reason::constraint);
    if (tokens_.size() >= options_.max_tokens) return end(finish_reason::token_limit);
}

NIBBLE_FUNCTION void generation::end(finish_reason reason) {
    reason_ = text_.finish(stops_count()) ? reason : finish_reason::stop_string;
}

NIBBLE_FUNCTION std::vector<token> generation::dry_breakers() const {
    std::vector<token> out;
    if (options_.dry_multiplier <= 0.0f) return out;
    const auto& tokenizer = session_->source().tokenizer();
    for (token id = 0; static_cast<std::size_t>(id) < tokenizer.n_vocab(); ++id) {
        const auto text = tokenizer.piece(id);
        if (any_of(options_.dry_sequence_breakers,
                   [&](const std::string& breaker) { return text.find(breaker) != std::string_view::npos; }))
            out.push_back(id);
    }
    return out;
}

NIBBLE_FUNCTION finish_reason generation::stop_reason() const noexcept {
    return session_->stop().seen() == stop_cause::cancelled ? finish_reason::cancelled : finish_reason::deadline;
}

NIBBLE_NAMESPACE_END
