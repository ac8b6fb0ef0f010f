// SPDX-License-Identifier: Apache-2.0
// A reply in the making: a range of text pieces that samples and reads one token after another as it is walked.
#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/generation_stats.hpp>
#include <nibble/generate/logprob_records.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/stop_strings.hpp>
#include <nibble/generate/thinking.hpp>
#include <nibble/unicode/utf8.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {
class session_state;
}

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
    [[nodiscard]] iterator begin() &;
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

    // What refers to a generation is not given by one that ends with the expression: text is given itself, events keep
    // it, the rest does not compile.

    /// The same walk as typed events: reasoning, answer, tool calls. What pieces were given before is not seen.
    [[nodiscard]] reply_events events() &;
    [[nodiscard]] reply_events events() &&;

    /// Generates to the end; the whole text.
    std::string_view finish() &;
    std::string finish() && { return std::string{finish()}; }

    /// All pieces so far. Valid until the next increment.
    [[nodiscard]] std::string_view text() const& noexcept { return std::string_view{text_}.substr(0, n_given_); }
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
    std::span<const token_logprob> top_logprobs(std::size_t i) && = delete;
    [[nodiscard]] std::span<const token_logprob> top_logprobs(std::size_t i) const& { return logprobs_.top(i); }

private:
    friend class session;
    friend class reply_events;
    using clock = std::chrono::steady_clock;

    /// Reads the prompt, but for what the cache holds of it. Throws as validate(), check_tokens() and on_progress do;
    /// then nothing has changed, but that after a throw from on_progress the cache keeps only the common prefix.
    generation(const std::shared_ptr<detail::session_state>& state, std::span<const token> prompt,
               const generation_options& options);

    /// Cancelled before there was a prompt: the session is as it was, and nothing follows.
    generation(const std::shared_ptr<detail::session_state>& state, const generation_options& options);

    [[nodiscard]] static generation_options constrained(generation_options options, token_constraint* by);

    /// The latest piece; empty at the end.
    [[nodiscard]] std::string_view piece() const noexcept {
        return std::string_view{text_}.substr(piece_begin_, n_given_ - piece_begin_);
    }

    void advance();

    /// One token, or the end.
    void step();

    void take(token id, bool forced, bool constrained);

    /// The text goes on with these characters; what can no more become a stop string is given out.
    void append(std::string_view characters);

    void end(finish_reason reason);

    /// The tokens whose text contains a sequence breaker, when DRY is on.
    [[nodiscard]] std::vector<token> dry_breakers() const;

    [[nodiscard]] static double seconds_since(clock::time_point start) noexcept;

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

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/generation_impl.hpp>
#endif
