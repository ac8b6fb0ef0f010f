// SPDX-License-Identifier: Apache-2.0
// A reply in the making: a range of text pieces that samples and reads one token after another as it is walked.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/generation_stats.hpp>
#include <nibble/generate/logprob_records.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/reply_text.hpp>
#include <nibble/generate/session_state.hpp>
#include <nibble/generate/thinking.hpp>
#include <nibble/generate/token_reader.hpp>

NIBBLE_NAMESPACE_BEGIN

class reply_events;

/// An input range of text pieces, never empty, always whole characters of valid UTF-8 (bytes that are none come as
/// U+FFFD). Walking it generates; `break` stops, and walking on goes on. It shares what it needs of the session and
/// owns what it has generated, which stays when the session goes on to something else; only walking on is then
/// errc::ctx_busy. One thread at a time.
///
/// The session holds the prompt and all generated tokens but the last, which is read when another one is to follow.
class generation {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = std::string_view;

        iterator() = default;
        /// The view is valid until the next increment.
        [[nodiscard]] reference operator*() const noexcept { return owner_->piece(); }
        /// Throws errc::sample_no_finite_logits, and what the caller's hooks throw; the token is then not generated.
        iterator& operator++() {
            owner_->advance();
            return *this;
        }
        void operator++(int) { ++*this; }
        [[nodiscard]] friend bool operator==(const iterator& it, std::default_sentinel_t) noexcept {
            return it.at_end();
        }

    private:
        friend class generation;
        explicit iterator(generation& owner) noexcept : owner_(&owner) {}
        [[nodiscard]] bool at_end() const noexcept { return !owner_ || owner_->piece().empty(); }
        generation* owner_ = nullptr;
    };

    generation(generation&&) = default;
    generation& operator=(generation&&) = default;
    ~generation() = default;

    /// Generates the next piece; throws as an increment does.
    [[nodiscard]] iterator begin() & {
        advance();
        return iterator{*this};
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

    // What refers to a generation is not given by one that ends with the expression: text is given itself, events keep
    // it, the rest does not compile.

    /// Goes on for about so long and keeps what it has done, that of the prompt included: for those who have a few
    /// milliseconds at a time. It ends when there is a piece or time is up, but takes at least one step: a layer of the
    /// model for one token, or for 16 of the prompt, so that a reply ends however little time it gets. Throws as an
    /// increment does. Where the whole prompt is not to be read before this, there is options.lazy_prompt.
    advance_result advance_for(std::chrono::nanoseconds duration) {
        const auto now = clock::now();
        return advance(duration < no_deadline - now ? now + duration : no_deadline, slice_tokens);
    }

    /// The same walk as typed events: reasoning, answer, tool calls. What pieces were given before is not seen.
    [[nodiscard]] reply_events events() &;
    [[nodiscard]] reply_events events() &&;

    /// Generates to the end; the whole text.
    std::string_view finish() & {
        while (reason_ == finish_reason::none) advance();
        return text();
    }
    std::string finish() && { return std::string{finish()}; }

    /// The latest piece; empty before the first and at the end. Valid until the next increment.
    [[nodiscard]] std::string_view piece() const& noexcept { return text_.piece(); }
    std::string_view piece() && = delete;
    /// All pieces so far. Valid until the next increment.
    [[nodiscard]] std::string_view text() const& noexcept { return text_.given(); }
    [[nodiscard]] std::string text() && { return std::string{text()}; }
    /// All tokens so far, those of text that is held back and an end token included.
    [[nodiscard]] std::span<const token> tokens() const& noexcept { return tokens_; }
    std::span<const token> tokens() && = delete;
    [[nodiscard]] finish_reason reason() const noexcept { return reason_; }
    /// The one of options.stop that ended the text; empty where none did.
    [[nodiscard]] std::string_view stop_string() const& noexcept {
        return text_.stopped() ? std::string_view{options_.stop[text_.stopped_by()]} : std::string_view{};
    }
    std::string_view stop_string() && = delete;
    [[nodiscard]] const generation_stats& stats() const noexcept { return stats_; }

    /// With options.n_probs > 0: token i and its log-probability, and the most likely ones in its place. These are the
    /// model's own, before penalties, temperature and filters. A token that was not sampled but forced (the end of
    /// thinking) has none.
    /// Throws errc::ctx_bad_range beyond them, and where n_probs was 0.
    [[nodiscard]] token_logprob logprob(std::size_t i) const { return logprobs_.picked(i); }
    std::span<const token_logprob> top_logprobs(std::size_t i) && = delete;
    [[nodiscard]] std::span<const token_logprob> top_logprobs(std::size_t i) const& { return logprobs_.top(i); }

private:
    friend class session;
    friend class reply_events;
    using clock = std::chrono::steady_clock;

    /// Reads the prompt, but for what the cache holds of it, unless that is for later. Throws as validate(),
    /// check_tokens() and on_progress do; then nothing has changed, but that after a throw from on_progress the cache
    /// keeps only the common prefix.
    generation(const std::shared_ptr<detail::session_state>& state, std::span<const token> prompt,
               const generation_options& options)
        : session_(state),
          reader_(*state, options.draft),
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
        stats_.reused_tokens = reader_.start(prompt);
        if (!options_.lazy_prompt) read_prompt();
    }

    /// Cancelled before there was a prompt: the session is as it was, and nothing follows.
    generation(const std::shared_ptr<detail::session_state>& state, const generation_options& options)
        : session_(state),
          reader_(*state, {}),
          options_(options),
          text_(options.stop),
          thinking_(state->source().tokenizer(), state->source().reply_format(), {}, options),
          reason_(finish_reason::cancelled) {
        validate(options_, state->source().config().n_vocab);
    }

    [[nodiscard]] static generation_options constrained(generation_options options, token_constraint* by) {
        if (by) options.constraint = by;
        return options;
    }

    void read_prompt() try {
        session_->stop().watch({options_.cancel, options_.deadline});
        for (auto at = clock::now(); reader_.in_prompt() && reason_ == finish_reason::none;) timed_step(all_tokens, at);
    } catch (...) {
        session_->rewind(stats_.reused_tokens);
        throw;
    }

    void advance() { (void)advance(no_deadline, all_tokens); }

    /// To the next piece, or the first step after `until`. Passes over the prompt have at most `batch` tokens.
    advance_result advance(clock::time_point until, std::size_t batch) {
        text_.begin_piece();
        if (reason_ != finish_reason::none) return advance_result::done;
        const detail::session_state::lock lock{*session_};
        if (!reader_.undisturbed())
            throw error(errc::ctx_busy, "generation", "the session as this reply left it",
                        "a later use of the session");
        session_->stop().watch({options_.cancel, options_.deadline});
        auto at = clock::now();
        do {
            timed_step(batch, at);
        } while (reason_ == finish_reason::none && piece().empty() && at < until);
        if (!piece().empty()) return advance_result::piece;
        return reason_ == finish_reason::none ? advance_result::pending : advance_result::done;
    }

    /// A step that begins `at`; then it is the time of its end.
    void timed_step(std::size_t batch, clock::time_point& at) {
        double& seconds = reader_.in_prompt() ? stats_.prompt_seconds : stats_.generation_seconds;
        step(batch);
        const auto begun = std::exchange(at, clock::now());
        seconds += std::chrono::duration<double>(at - begun).count();
        stats_.drafted_tokens = reader_.n_drafted();
        stats_.accepted_tokens = reader_.n_accepted();
    }

    /// A step of reading, a token, or the end.
    void step(std::size_t batch) {
        if (session_->stop().look()) return end(stop_reason());
        if (reader_.is_full()) return end(finish_reason::context_full);
        if (!reader_.ready()) return reader_.step(batch, options_.on_progress);
        if (tokens_.size() >= options_.max_tokens) return end(finish_reason::token_limit);
        const auto forced = thinking_.forced_token();
        const bool constrained = options_.constraint && !thinking_.inside();
        if (constrained && options_.constraint->finished()) return end(finish_reason::constraint);
        const token id = forced ? *forced : session_->sample(constrained);
        take(id, forced.has_value(), constrained);
    }

    void take(token id, bool forced, bool constrained) {
        const auto& tokenizer = session_->source().tokenizer();
        if (options_.n_probs > 0) {
            if (forced)
                logprobs_.add({id, 0.0f}, {});
            else
                logprobs_.add(session_->sampler().picked_logprob(), session_->sampler().top_logprobs());
        }
        tokens_.push_back(id);
        ++stats_.generated_tokens;
        reader_.push(id);
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

    void end(finish_reason reason) { reason_ = text_.finish(stops_count()) ? reason : finish_reason::stop_string; }

    [[nodiscard]] bool stops_count() const noexcept { return !thought_ || options_.stop_in_thinking; }

    /// The tokens whose text contains a sequence breaker, when DRY is on.
    [[nodiscard]] std::vector<token> dry_breakers() const {
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

    [[nodiscard]] finish_reason stop_reason() const noexcept {
        return session_->stop().seen() == stop_cause::cancelled ? finish_reason::cancelled : finish_reason::deadline;
    }

    static constexpr std::size_t all_tokens = static_cast<std::size_t>(-1);
    // Of the prompt, in a pass of advance_for(): a group of gemm, three times the time of one token.
    static constexpr std::size_t slice_tokens = 16;
    // A token of English text has 4 to 5 bytes; the text grows beyond this only for very unusual ones.
    static constexpr std::size_t reserved_bytes_per_token = 16;

    std::shared_ptr<detail::session_state> session_;
    detail::token_reader reader_;
    std::unique_ptr<token_constraint> required_call_;  // then it is that of options_
    generation_options options_;
    detail::reply_text text_;
    std::span<const token> tag_tokens_;  // control tokens that are shown all the same; the session has them
    detail::thinking_budget thinking_;
    bool starts_in_reasoning_ = false;
    bool thought_ = false;  // the last token belongs to the thinking
    std::vector<token> tokens_;
    detail::logprob_records logprobs_;  // with options_.n_probs
    generation_stats stats_;
    finish_reason reason_ = finish_reason::none;
};

NIBBLE_NAMESPACE_END
