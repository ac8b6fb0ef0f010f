// SPDX-License-Identifier: Apache-2.0
// A reply in the making: a range of text pieces that samples and reads one token after another as it is walked.
#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/generation_stats.hpp>
#include <nibble/generate/logprob_records.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/reply_text.hpp>
#include <nibble/generate/session_options.hpp>
#include <nibble/generate/thinking.hpp>

NIBBLE_NAMESPACE_BEGIN

class reply_events;
namespace detail {
struct saved_reply;
class session_state;
class side_by_side;
class token_reader;
}  // namespace detail

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

    generation(generation&&) noexcept;
    generation& operator=(generation&&) noexcept;
    ~generation();

    /// Generates the next piece; throws as an increment does.
    [[nodiscard]] iterator begin() &;
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

    // What refers to a generation is not given by one that ends with the expression: text is given itself, events keep
    // it, the rest does not compile.

    /// Goes on for about so long and keeps what it has done, that of the prompt included: for those who have a few
    /// milliseconds at a time. It ends when there is a piece or time is up, but takes at least one step: a layer of the
    /// model for one token, or for 16 of the prompt, so that a reply ends however little time it gets. Throws as an
    /// increment does. Where the whole prompt is not to be read before this, there is options.lazy_prompt.
    advance_result advance_for(std::chrono::nanoseconds duration);

    /// The same walk as typed events: reasoning, answer, tool calls. What pieces were given before is not seen, but
    /// what a resumed reply has begun with is.
    [[nodiscard]] reply_events events() &;
    [[nodiscard]] reply_events events() &&;

    /// Saves the session with this reply as far as it is, so that session::resume() goes on with it. Throws
    /// errc::ctx_busy where the session serves another call or has done something else since; what `sink` throws.
    void save(const byte_sink& sink) const;

    /// Generates to the end; the whole text.
    std::string_view finish() &;
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
    [[nodiscard]] std::string_view stop_string() const& noexcept;
    std::string_view stop_string() && = delete;
    [[nodiscard]] const generation_stats& stats() const noexcept { return stats_; }

    /// With options.n_probs > 0: token i and its log-probability, and the most likely ones in its place. These are the
    /// model's own, before penalties, temperature and filters. A token that was not sampled but forced (the end of
    /// thinking) has none.
    /// Throws errc::ctx_bad_range beyond them, and where n_probs was 0.
    [[nodiscard]] token_logprob logprob(std::size_t i) const { return logprobs_.picked(i); }
    array_view<token_logprob> top_logprobs(std::size_t i) && = delete;
    [[nodiscard]] array_view<token_logprob> top_logprobs(std::size_t i) const& { return logprobs_.top(i); }

private:
    friend class session;
    friend class reply_events;
    friend class detail::side_by_side;
    using clock = std::chrono::steady_clock;

    /// Reads the prompt, but for what the cache holds of it, unless that is for later; goes on with the reply where
    /// there is one already. Throws as validate(), check_tokens() and on_progress do; then nothing has changed, but
    /// that after a throw from on_progress the cache keeps only the common prefix.
    generation(const std::shared_ptr<detail::session_state>& state, std::span<const token> prompt,
               const generation_options& options, const detail::saved_reply* so_far = nullptr);

    /// Cancelled before there was a prompt: the session is as it was, and nothing follows.
    generation(const std::shared_ptr<detail::session_state>& state, const generation_options& options);

    [[nodiscard]] static generation_options constrained(generation_options options, token_constraint* by);

    void check_undisturbed() const;
    /// What ends this call.
    void watch();

    void read_prompt();

    void advance();

    /// To the next piece, or the first step after `until`. Passes over the prompt have at most `batch` tokens.
    advance_result advance(clock::time_point until, std::size_t batch);

    /// A step that begins `at`; then it is the time of its end.
    void timed_step(std::size_t batch, clock::time_point& at);

    /// A step of reading, a token, or the end.
    void step(std::size_t batch);

    void take(token id, bool forced, bool constrained);

    /// Makes a token part of the reply: of its text, its thinking, its structure.
    void append(token id, bool constrained);

    /// A token that the reply had before it was saved.
    void repeat(token id);

    void end(finish_reason reason);

    [[nodiscard]] bool stops_count() const noexcept { return !thought_ || options_.stop_in_thinking; }

    /// The tokens whose text contains a sequence breaker, when DRY is on.
    [[nodiscard]] std::vector<token> dry_breakers() const;

    [[nodiscard]] finish_reason stop_reason() const noexcept;

    static constexpr std::size_t all_tokens = static_cast<std::size_t>(-1);
    // Of the prompt, in a pass of advance_for(): a group of gemm, three times the time of one token.
    static constexpr std::size_t slice_tokens = 16;
    // A token of English text has 4 to 5 bytes; the text grows beyond this only for very unusual ones.
    static constexpr std::size_t reserved_bytes_per_token = 16;

    std::shared_ptr<detail::session_state> session_;
    std::unique_ptr<detail::token_reader> reader_;
    std::unique_ptr<token_constraint> required_call_;  // then it is that of options_
    generation_options options_;
    detail::reply_text text_;
    std::span<const token> tag_tokens_;  // control tokens that are shown all the same; the session has them
    detail::thinking_budget thinking_;
    bool starts_in_reasoning_ = false;
    bool thought_ = false;       // the last token belongs to the thinking
    std::size_t n_resumed_ = 0;  // bytes of the text that it had when it was saved
    std::vector<token> tokens_;
    detail::logprob_records logprobs_;  // with options_.n_probs
    generation_stats stats_;
    finish_reason reason_ = finish_reason::none;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/generation_impl.hpp>
#endif
