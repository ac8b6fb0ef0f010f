// SPDX-License-Identifier: Apache-2.0
// What a session has read and what it reads with: the part that sessions and their generations share.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nibble/chat/encoder.hpp>
#include <nibble/chat/tag_tokens.hpp>
#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/checked.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/cpu.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/thread_pool.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/sampler.hpp>
#include <nibble/generate/session_options.hpp>
#include <nibble/generate/token_trie.hpp>
#include <nibble/kernels/best.hpp>
#include <nibble/model/forward.hpp>
#include <nibble/model/model.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Shared by a session and its generations. Not part of the public surface.
class session_state {
public:
    session_state(const model& source, const session_options& options)
        : session_state(source, options, checked_context(source.config(), options)) {}

    /// The threads that a session with these options starts.
    [[nodiscard]] static unsigned n_threads_of(const session_options& options) {
        if (options.pool) return options.pool->size();
        const unsigned n_available = available_threads();
        return options.threads == 0 ? n_available : std::min(options.threads, n_available);
    }

    [[nodiscard]] static memory_plan plan(const model& source, const session_options& options, std::size_t n_threads) {
        const std::size_t context = checked_context(source.config(), options);
        const auto& config = source.config();
        return {kv_cache::bytes(config, context, options.kv_type),
                workspace::bytes(best_kernels(options.cpu), config, source.weights(),
                                 shape_of(options, context, n_threads)),
                config.n_vocab * (2 * sizeof(float) + sizeof(candidate)) + context * sizeof(token)};
    }

    [[nodiscard]] const model& source() const noexcept { return model_; }
    [[nodiscard]] std::size_t context() const noexcept { return cache_.capacity(); }
    [[nodiscard]] std::size_t position() const noexcept { return cache_.position(); }
    [[nodiscard]] std::size_t n_threads() const noexcept { return pool_->size(); }
    [[nodiscard]] std::span<const token> tokens() const noexcept { return tokens_; }
    [[nodiscard]] std::span<const float> logits() const noexcept {
        return {logits_.data(), has_logits_ ? model_.config().n_vocab : 0};
    }
    /// What arg_max(logits()) is, found while they were computed.
    [[nodiscard]] const largest_value& best_logit() const noexcept { return pass_.best_logit; }
    [[nodiscard]] class sampler& sampler() noexcept { return sampler_; }

    /// Throws unless these tokens can be read from `position` on; `where` names them in the error.
    void check_tokens(std::span<const token> tokens, std::size_t position, const char* where) const {
        if (tokens.empty()) throw error(errc::ctx_bad_size, where, "at least one token", "none");
        const std::size_t n_vocab = model_.config().n_vocab;
        for (std::size_t i = 0; i < tokens.size(); ++i)
            if (tokens[i] < 0 || static_cast<std::size_t>(tokens[i]) >= n_vocab)
                throw error(errc::ctx_bad_token, std::string(where) + " at index " + std::to_string(i),
                            "an id from 0 to " + std::to_string(n_vocab - 1), std::to_string(tokens[i]));
        if (tokens.size() > context() - position)
            throw error(errc::ctx_full, where,
                        "at most " + std::to_string(context() - position) + " tokens (context " +
                            std::to_string(context()) + ", position " + std::to_string(position) + ")",
                        std::to_string(tokens.size()));
    }

    /// What ends the reading from now on.
    [[nodiscard]] stop_signal& stop() noexcept { return stop_; }
    [[nodiscard]] std::size_t n_vocab() const noexcept { return model_.config().n_vocab; }
    /// Most tokens of a pass.
    [[nodiscard]] std::size_t batch() const noexcept { return workspace_.batch; }

    /// Reads checked tokens, batch by batch; returns false when stopped, with the batches so far in the cache. `all`,
    /// where not null, receives the logits of every token.
    bool read(std::span<const token> tokens, const stop_when& when = {}, float* all = nullptr) {
        const std::size_t n_vocab = model_.config().n_vocab;
        stop_.watch(when);
        while (!tokens.empty()) {
            const auto batch = tokens.first(std::min(this->batch(), tokens.size()));
            tokens = tokens.subspan(batch.size());
            const std::size_t n_logits = all ? batch.size() : tokens.empty() ? 1 : 0;
            float* logits = all ? all : logits_.data();
            for (std::size_t step = 0; step < n_steps(); ++step)
                if (!run_step(step, batch, n_logits, logits)) return false;
            commit(batch, tokens.empty() ? logits + (n_logits - 1) * n_vocab : nullptr);
            if (all) all += batch.size() * n_vocab;
        }
        return true;
    }

    // What a read is made of, for those who do something between.

    [[nodiscard]] std::size_t n_steps() const noexcept { return pass_.n_steps(); }
    /// One step of a pass over `tokens`, as those of forward_pass; false when it was stopped, and the pass is void.
    [[nodiscard]] bool run_step(std::size_t step, std::span<const token> tokens, std::size_t n_logits,
                                float* logits) noexcept {
        ++turn_;
        has_logits_ = false;
        pass_.run_step(step, tokens, n_logits, logits);
        return stop_.seen() == stop_cause::none;
    }
    /// Where the logits of the last token go, as run_step has it.
    [[nodiscard]] float* own_logits() noexcept { return logits_.data(); }
    /// Makes tokens that a pass has read from position() on part of the session, and the logits of the last of them its
    /// own, where they are not null.
    void commit(std::span<const token> tokens, const float* logits) noexcept {
        ++turn_;
        cache_.commit(tokens.size());
        tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());  // within what was reserved
        has_logits_ = logits != nullptr;
        if (!logits || logits == own_logits()) return;
        std::copy_n(logits, logits_.size(), own_logits());
        pass_.best_logit = {};
        pass_.best_logit.look_at(logits_.span(), 0);
    }

    /// Forgets the tokens from `position` <= position() on.
    void rewind(std::size_t position) noexcept {
        ++turn_;
        has_logits_ = has_logits_ && position == this->position();
        cache_.rewind(position);
        tokens_.resize(position);
    }

    /// Tokens at the start of `prompt` that the cache already holds.
    [[nodiscard]] std::size_t common_prefix(std::span<const token> prompt) const noexcept {
        const std::size_t most = std::min(prompt.size(), tokens_.size());
        std::size_t n = 0;
        while (n < most && prompt[n] == tokens_[n]) ++n;
        return n;
    }

    /// The sampler's choice after the tokens read. That there is none is said of the model where it is to blame.
    [[nodiscard]] token sample(bool constrained) {
        try {
            return sampler_.sample(logits(), tokens(), constrained, &best_logit());
        } catch (const error& problem) {
            if (problem.code() != errc::sample_no_finite_logits || arg_max(logits())) throw;
        }
        return model_.file().naming_errors([&]() -> token {
            throw error(errc::sample_no_finite_logits, "logits after " + std::to_string(position()) + " tokens",
                        "finite numbers", "none: weights are damaged; `inspect --check` says which");
        });
    }

    /// Made when the first conversation needs it.
    [[nodiscard]] const chat_encoder& chat() {
        if (!chat_) chat_.emplace(model_.tokenizer(), model_.reply_format());
        return *chat_;
    }

    /// Made when the first grammar of calls needs it.
    [[nodiscard]] const std::shared_ptr<const token_trie>& trie() {
        if (!trie_) trie_ = std::make_shared<const token_trie>(model_.tokenizer(), tag_tokens());
        return trie_;
    }

    /// Those of the model's replies, ascending; looked for when the first reply needs them.
    [[nodiscard]] const std::vector<token>& tag_tokens() {
        if (!tag_tokens_) tag_tokens_ = nibble::tag_tokens(model_.tokenizer(), model_.reply_format());
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
    session_state(const model& source, const session_options& options, std::size_t context)
        : model_(source.share()),
          pool_(options.pool ? options.pool : std::make_shared<thread_pool>(n_threads_of(options))),
          cache_(make_cache(model_.config(), context, options.kv_type)),
          workspace_(make_workspace(model_, options, shape_of(options, context, pool_->size()))),
          pass_{model_.config(),          model_.weights(), best_kernels(options.cpu),
                executor{*pool_, &stop_}, cache_,           workspace_},
          logits_(model_.config().n_vocab),
          sampler_(model_.config().n_vocab) {
        tokens_.reserve(context);
    }

    /// The positions to make room for. Everything that is a product of them fits into 64 bits.
    static std::size_t checked_context(const model_config& config, const session_options& options) {
        const std::size_t context = std::min(options.context, config.n_ctx_train);
        if (context == 0) throw error(errc::ctx_bad_size, "session option 'context'", "at least 1 token", "0");
        if (options.batch == 0) throw error(errc::ctx_bad_size, "session option 'batch'", "at least 1 token", "0");
        const checked_size n_blocks{context / attention_block + 1};
        const auto bytes = (n_blocks * kv_cache::bytes(config, attention_block, options.kv_type)).value();
        if (!bytes || *bytes > static_cast<std::uint64_t>(PTRDIFF_MAX))
            throw error(
                errc::ctx_bad_size, "session option 'context'", "a cache that fits into memory",
                std::to_string(context) + " tokens of " +
                    std::to_string(kv_cache::bytes(config, attention_block, options.kv_type) / attention_block) +
                    " bytes");
        return context;
    }

    [[nodiscard]] static workspace_shape shape_of(const session_options& options, std::size_t context,
                                                  std::size_t n_threads) noexcept {
        return {std::min(options.batch, context), context, n_threads};
    }

    /// An error says what takes the memory.
    static workspace make_workspace(const model& source, const session_options& options, const workspace_shape& shape) {
        const kernel_set& kernels = best_kernels(options.cpu);
        try {
            return workspace{kernels, source.config(), source.weights(), shape};
        } catch (const error& problem) {
            if (problem.code() != errc::out_of_memory) throw;
        }
        throw error(errc::out_of_memory, "session option 'batch'", "memory for its activations",
                    std::to_string(shape.batch) + " tokens at once, which take " +
                        std::to_string(workspace::bytes(kernels, source.config(), source.weights(), shape)) + " bytes");
    }

    /// An error says what the cache takes and what would fit: the blocks that there is memory for, to a 64th.
    static kv_cache make_cache(const model_config& config, std::size_t context, cache_type type) {
        const auto cache_of = [&](std::size_t n_tokens) -> std::optional<kv_cache> {
            try {
                return kv_cache{config, n_tokens, type};
            } catch (const error& problem) {
                if (problem.code() != errc::out_of_memory) throw;
                return std::nullopt;
            }
        };
        if (auto cache = cache_of(context)) return std::move(*cache);
        std::size_t fits = 0, too_many = context / attention_block + 1;  // in blocks
        while (too_many - fits > 1 + fits / 64) {
            const std::size_t middle = fits + (too_many - fits) / 2;
            (cache_of(middle * attention_block) ? fits : too_many) = middle;
        }
        throw error(errc::out_of_memory, "session option 'context'",
                    "at most " + std::to_string(fits * attention_block) + " tokens, for which there is memory",
                    std::to_string(context) + " tokens, whose keys and values take " +
                        std::to_string(kv_cache::bytes(config, context, type)) + " bytes");
    }

    model model_;
    std::shared_ptr<thread_pool> pool_;
    stop_signal stop_;
    kv_cache cache_;
    workspace workspace_;
    forward_pass pass_;
    aligned_buffer<float> logits_;  // n_vocab, of the last token read
    class sampler sampler_;
    std::vector<token> tokens_;  // in the cache, one per position
    std::optional<chat_encoder> chat_;
    std::shared_ptr<const token_trie> trie_;
    std::optional<std::vector<token>> tag_tokens_;
    bool has_logits_ = false;
    std::uint64_t turn_ = 0;
    std::atomic_flag busy_;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
