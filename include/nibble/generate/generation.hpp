// SPDX-License-Identifier: Apache-2.0
// A reply in the making: a range of text pieces that samples and reads one token after another as it is walked.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/generation_stats.hpp>
#include <nibble/generate/logprob_records.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/session_state.hpp>
#include <nibble/generate/stop_strings.hpp>
#include <nibble/generate/thinking.hpp>
#include <nibble/unicode/utf8.hpp>

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

    /// The same walk as typed events: reasoning, answer, tool calls. What pieces were given before is not seen.
    [[nodiscard]] reply_events events() &;
    [[nodiscard]] reply_events events() &&;

    /// Generates to the end; the whole text.
    std::string_view finish() & {
        while (reason_ == finish_reason::none) advance();
        return text();
    }
    std::string finish() && { return std::string{finish()}; }

    /// All pieces so far. Valid until the next increment.
    [[nodiscard]] std::string_view text() const& noexcept { return std::string_view{text_}.substr(0, n_given_); }
    [[nodiscard]] std::string text() && { return std::string{text()}; }
    /// All tokens so far, those of text that is held back and an end token included.
    [[nodiscard]] std::span<const token> tokens() const& noexcept { return tokens_; }
    std::span<const token> tokens() && = delete;
    [[nodiscard]] finish_reason reason() const noexcept { return reason_; }
    /// The one of options.stop that ended the text; empty where none did.
    [[nodiscard]] std::string_view stop_string() const& noexcept {
        return stops_.matched() ? std::string_view{options_.stop[stops_.which()]} : std::string_view{};
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

    /// Reads the prompt, but for what the cache holds of it. Throws as validate(), check_tokens() and on_progress do;
    /// then nothing has changed, but that after a throw from on_progress the cache keeps only the common prefix.
    generation(const std::shared_ptr<detail::session_state>& state, std::span<const token> prompt,
               const generation_options& options)
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

        const std::size_t reused = session.reusable_prefix(prompt);
        session.rewind(reused);
        if (!session.read(prompt.subspan(reused), {options_.cancel, &options_.on_progress}))
            reason_ = finish_reason::cancelled;
        turn_ = session.turn();
        stats_.prompt_tokens = prompt.size();
        stats_.reused_tokens = reused;
        stats_.prompt_seconds = seconds_since(started);
    }

    /// Cancelled before there was a prompt: the session is as it was, and nothing follows.
    generation(const std::shared_ptr<detail::session_state>& state, const generation_options& options)
        : session_(state),
          turn_(state->turn()),
          options_(options),
          stops_(options.stop),
          thinking_(state->source().tokenizer(), state->source().reply_format(), {}, options),
          reason_(finish_reason::cancelled) {
        validate(options_, state->source().config().n_vocab);
    }

    [[nodiscard]] static generation_options constrained(generation_options options, token_constraint* by) {
        if (by) options.constraint = by;
        return options;
    }

    /// The latest piece; empty at the end.
    [[nodiscard]] std::string_view piece() const noexcept {
        return std::string_view{text_}.substr(piece_begin_, n_given_ - piece_begin_);
    }

    void advance() {
        piece_begin_ = n_given_;
        if (reason_ != finish_reason::none) return;
        const detail::session_state::lock lock{*session_};
        if (session_->turn() != turn_)
            throw error(errc::ctx_busy, "generation", "the session as this reply left it",
                        "a later use of the session");
        const auto started = clock::now();
        while (reason_ == finish_reason::none && piece().empty()) step();
        stats_.generation_seconds += seconds_since(started);
    }

    /// One token, or the end.
    void step() {
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

    /// The text goes on with these characters; what can no more become a stop string is given out.
    void append(std::string_view characters) {
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

    void end(finish_reason reason) {
        append(characters_.finish());
        n_given_ = text_.size();  // held back for a stop string that did not come
        if (reason_ == finish_reason::none) reason_ = reason;
    }

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

    [[nodiscard]] static double seconds_since(clock::time_point start) noexcept {
        return std::chrono::duration<double>(clock::now() - start).count();
    }

    // A token of English text has 4 to 5 bytes; the text grows beyond this only for very unusual ones.
    static constexpr std::size_t reserved_bytes_per_token = 16;

    std::shared_ptr<detail::session_state> session_;
    std::unique_ptr<token_constraint> required_call_;  // then it is that of options_
    std::uint64_t turn_ = 0;
    generation_options options_;
    utf8_stream characters_{invalid_utf8::replace};
    stop_strings stops_;
    std::span<const token> tag_tokens_;  // control tokens that are shown all the same; the session has them
    detail::thinking_budget thinking_;
    bool starts_in_reasoning_ = false;
    bool thought_ = false;         // the last token belongs to the thinking
    std::string text_;             // given out, and after it what may become a stop string
    std::size_t piece_begin_ = 0;  // of the latest piece, which ends at n_given_
    std::size_t n_given_ = 0;
    std::vector<token> tokens_;
    bool unread_ = false;               // the last of tokens_ is not in the cache yet
    detail::logprob_records logprobs_;  // with options_.n_probs
    generation_stats stats_;
    finish_reason reason_ = finish_reason::none;
};

NIBBLE_NAMESPACE_END
