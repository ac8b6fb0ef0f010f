// SPDX-License-Identifier: Apache-2.0
// What a session has read and what it reads with: the part that sessions and their generations share.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nibble/chat/encoder.hpp>
#include <nibble/chat/tag_tokens.hpp>
#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/engine_state.hpp>
#include <nibble/generate/sampler.hpp>
#include <nibble/generate/token_trie.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// A reply in the making, as it was saved with its session.
struct saved_reply {
    std::vector<token> text;  // prompt and reply
    std::size_t n_prompt;     // tokens of it
    sampler_state sampling;
};

/// Shared by a session and its generations. Not part of the public surface.
class session_state {
public:
    explicit session_state(std::shared_ptr<engine_state> engine)
        : sequence_(std::move(engine)), logits_(source().config().n_vocab), sampler_(source().config().n_vocab) {
        sequence_.tokens.reserve(context());
        sequence_.cache.reserve(context());
    }
    /// What has been read goes on in both, each by itself.
    session_state(const session_state& origin)
        : sequence_(origin.sequence_),
          logits_(source().config().n_vocab),
          best_logit_(origin.best_logit_),
          sampler_(source().config().n_vocab),
          saved_(origin.saved_),
          has_logits_(origin.has_logits_) {
        sequence_.tokens.reserve(context());
        sequence_.cache.reserve(context());
        std::copy(origin.logits_.begin(), origin.logits_.end(), logits_.begin());
    }
    session_state& operator=(const session_state&) = delete;

    /// Beside what the engine takes.
    [[nodiscard]] static std::size_t sampling_bytes(const model& source, std::size_t context) noexcept {
        return source.config().n_vocab * (2 * sizeof(float) + sizeof(candidate)) + context * sizeof(token);
    }

    [[nodiscard]] const std::shared_ptr<engine_state>& engine() const noexcept { return sequence_.engine; }
    [[nodiscard]] const model& source() const noexcept { return engine()->source(); }
    [[nodiscard]] std::size_t context() const noexcept { return engine()->context(); }
    [[nodiscard]] std::size_t position() const noexcept { return sequence_.position(); }
    [[nodiscard]] std::size_t n_threads() const noexcept { return engine()->n_threads(); }
    [[nodiscard]] std::span<const token> tokens() const noexcept { return sequence_.tokens; }
    [[nodiscard]] std::span<const float> logits() const noexcept {
        return {logits_.data(), has_logits_ ? source().config().n_vocab : 0};
    }
    /// What arg_max(logits()) is, found while they were computed.
    [[nodiscard]] const largest_value& best_logit() const noexcept { return best_logit_; }
    [[nodiscard]] class sampler& sampler() noexcept { return sampler_; }

    /// Throws unless these tokens can be read from `position` on; `where` names them in the error.
    void check_tokens(std::span<const token> tokens, std::size_t position, const char* where) const {
        detail::check_tokens(*engine(), tokens, position, where);
    }

    /// What ends the reading from now on.
    [[nodiscard]] stop_signal& stop() noexcept { return stop_; }
    [[nodiscard]] std::size_t n_vocab() const noexcept { return source().config().n_vocab; }
    /// Most tokens in one pass.
    [[nodiscard]] std::size_t batch() const noexcept { return engine()->batch(); }

    /// Reads checked tokens; returns false when stopped, with the passes so far in the cache. `all`, where not null,
    /// receives the logits of every token.
    bool read(std::span<const token> tokens, const stop_when& when = {}, float* all = nullptr) {
        const reading one{&sequence_, tokens, all ? tokens.size() : 1};
        stop_.watch(when);
        ++turn_;
        const auto cause =
            engine()->read({&one, 1}, {.logits = all ? all : own_logits(), .best_logit = &best_logit_}, when);
        has_logits_ = went_on(cause);
        if (has_logits_ && all) std::copy_n(all + (tokens.size() - 1) * n_vocab(), n_vocab(), own_logits());
        return has_logits_;
    }

    /// Reads at most batch() checked tokens for what logits are made of, which goes to `hidden` [n][n_embd]; there are
    /// no logits then. Returns false when cancelled.
    bool read_hidden(std::span<const token> tokens, float* hidden, const std::atomic<bool>* cancel) {
        const reading one{&sequence_, tokens, tokens.size()};
        ++turn_;
        const auto cause = engine()->read({&one, 1}, {.hidden = hidden}, {.cancel = cancel});
        has_logits_ = false;
        return cause == stop_cause::none;
    }

    // What a read is made of, for those who do something between.

    /// One step of a pass over `tokens`, as engine_state has it, until stop() says otherwise.
    [[nodiscard]] engine_state::progress run_step(std::size_t step, std::span<const token> tokens, std::size_t n_logits,
                                                  float* logits) {
        ++turn_;
        const auto [state, cause] = engine()->run_step(step, {&sequence_, tokens, n_logits},
                                                       {.logits = logits, .best_logit = &best_logit_}, stop_.watched());
        has_logits_ = false;
        (void)went_on(cause);
        return state;
    }
    /// Where the logits of the last token go, as run_step has it.
    [[nodiscard]] float* own_logits() noexcept { return logits_.data(); }
    /// Makes tokens that a pass has read from position() on part of the session, and the logits of the last of them its
    /// own, where they are not null.
    void commit(std::span<const token> tokens, const float* logits) noexcept {
        ++turn_;
        sequence_.cache.commit(tokens.size());
        sequence_.tokens.insert(sequence_.tokens.end(), tokens.begin(), tokens.end());  // within what was reserved
        has_logits_ = logits != nullptr;
        if (logits && logits != own_logits()) set_logits(std::as_bytes(std::span{logits, n_vocab()}));
    }

    /// For who reads into it with others.
    [[nodiscard]] sequence_state& sequence() noexcept { return sequence_; }
    /// The logits of a token that was read so.
    void take_logits(std::span<const float> logits) noexcept {
        ++turn_;
        set_logits(std::as_bytes(logits));
    }

    /// What was read: for who writes it into a file, or fills a fresh session from one.
    [[nodiscard]] std::pair<kv_cache&, std::vector<token>&> contents() noexcept {
        return {sequence_.cache, sequence_.tokens};
    }
    /// Gives it the logits after its last token, n_vocab floats.
    void set_logits(std::span<const std::byte> logits) noexcept {
        std::memcpy(logits_.data(), logits.data(), logits.size());
        best_logit_ = {};
        best_logit_.look_at({logits_.data(), logits_.size()}, 0);
        has_logits_ = true;
    }

    /// The reply that came with the session from a file, if one did.
    std::optional<saved_reply>& saved() noexcept { return saved_; }

    /// Whether rewind() can go to `position`.
    [[nodiscard]] bool keeps(std::size_t position) const noexcept { return sequence_.cache.keeps(position); }
    /// Throws unless rewind() can go to `position`.
    void check_rewind(std::size_t position) const { detail::check_rewind(sequence_.cache, position); }
    /// Forgets the tokens from `position` on.
    void rewind(std::size_t position) noexcept {
        ++turn_;
        has_logits_ = has_logits_ && position == this->position();
        sequence_.rewind(position);
    }

    /// Tokens at the start of `prompt`, but for its last, that the cache holds and can go back to.
    [[nodiscard]] std::size_t reusable_prefix(std::span<const token> prompt) const noexcept {
        const std::size_t most = std::min(prompt.size() - 1, tokens().size());
        std::size_t n = 0;
        while (n < most && prompt[n] == tokens()[n]) ++n;
        return keeps(n) ? n : 0;
    }

    /// The sampler's choice after the tokens read. That there is none is said of the model where it is to blame.
    [[nodiscard]] token sample(bool constrained) {
        try {
            return sampler_.sample(logits(), tokens(), constrained, &best_logit());
        } catch (const error& problem) {
            if (problem.code() != errc::sample_no_finite_logits || arg_max(logits())) throw;
        }
        return source().file().naming_errors([&]() -> token {
            throw error(errc::sample_no_finite_logits, "logits after " + std::to_string(position()) + " tokens",
                        "finite numbers", "none: weights are damaged; `inspect --check` says which");
        });
    }

    /// Throws errc::model_bad_weights, naming the model, where one of these results is not finite.
    void require_finite(std::span<const float> results, const char* what) const {
        if (all_of(results, [](float value) { return std::isfinite(value); })) return;
        source().file().naming_errors([&] {
            throw error(errc::model_bad_weights, std::string(what) + " after " + std::to_string(position()) + " tokens",
                        "finite numbers", "others: weights are damaged; `inspect --check` says which");
        });
    }

    /// Made when the first conversation needs it.
    [[nodiscard]] const chat_encoder& chat() {
        if (!chat_) chat_.emplace(source().tokenizer(), source().reply_format());
        return *chat_;
    }

    /// Made when the first grammar of calls needs it.
    [[nodiscard]] const std::shared_ptr<const token_trie>& trie() {
        if (!trie_) trie_ = std::make_shared<const token_trie>(source().tokenizer(), tag_tokens());
        return trie_;
    }

    /// Those of the model's replies, ascending; looked for when the first reply needs them.
    [[nodiscard]] const std::vector<token>& tag_tokens() {
        if (!tag_tokens_) tag_tokens_ = nibble::tag_tokens(source().tokenizer(), source().reply_format());
        return *tag_tokens_;
    }

    /// Differs after every call that changed what has been read: a generation notices when another call came between.
    [[nodiscard]] std::uint64_t turn() const noexcept { return turn_; }

    /// Held for the time of one call. Throws errc::ctx_busy where another call, from whichever thread, is under way.
    class lock {
    public:
        explicit lock(session_state& state) : state_(state) {
            if (state.busy_.test_and_set(std::memory_order_acquire))
                throw error(errc::ctx_busy, "session", "one call at a time", "a call while another is under way");
        }
        ~lock() { state_.busy_.clear(std::memory_order_release); }
        lock(const lock&) = delete;
        lock& operator=(const lock&) = delete;

    private:
        session_state& state_;
    };

private:
    /// Whether the reading was not stopped. What has seen a cause says so until the next reading.
    [[nodiscard]] bool went_on(stop_cause cause) noexcept {
        if (cause != stop_cause::none) stop_.see(cause);
        return cause == stop_cause::none;
    }

    sequence_state sequence_;
    stop_signal stop_;
    aligned_buffer<float> logits_;  // n_vocab, of the last token read
    largest_value best_logit_;
    class sampler sampler_;
    std::optional<saved_reply> saved_;
    std::optional<chat_encoder> chat_;
    std::shared_ptr<const token_trie> trie_;
    std::optional<std::vector<token>> tag_tokens_;
    bool has_logits_ = false;
    std::uint64_t turn_ = 0;
    std::atomic_flag busy_;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
