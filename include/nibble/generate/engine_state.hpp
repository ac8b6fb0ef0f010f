// SPDX-License-Identifier: Apache-2.0
// What the sequences of an engine share: the model, threads, the memory to compute in and that of keys and values.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/thread_pool.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/engine_memory.hpp>
#include <nibble/generate/session_options.hpp>
#include <nibble/kernels/best.hpp>
#include <nibble/model/forward.hpp>
#include <nibble/model/model.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

class engine_state;

/// What has been read, token by token.
struct sequence_state {
    explicit sequence_state(std::shared_ptr<engine_state> shared);
    sequence_state(const sequence_state& other);
    sequence_state& operator=(const sequence_state&) = delete;
    ~sequence_state();

    [[nodiscard]] std::size_t position() const noexcept { return cache.position(); }
    /// Forgets the tokens from `position` on, which the cache keeps().
    void rewind(std::size_t position) noexcept {
        cache.rewind(position);
        tokens.resize(position);
    }

    std::shared_ptr<engine_state> engine;
    kv_cache cache;
    std::vector<token> tokens;      // in the cache, one per position
    std::atomic<bool> busy{false};  // a call works with it
};

/// Tokens for a sequence, and how many of them, at the end, are to give results.
struct reading {
    sequence_state* of;
    std::span<const token> tokens;
    std::size_t n_results;
};

/// Shared by an engine and its sequences, sessions and generations. Calls from several threads take turns.
class engine_state {
public:
    engine_state(const model& source, const session_options& options)
        : engine_state(source, options, context_of(source.config(), options)) {}

    [[nodiscard]] const model& source() const noexcept { return model_; }
    [[nodiscard]] std::size_t context() const noexcept { return context_; }
    [[nodiscard]] std::size_t batch() const noexcept { return work_.batch; }
    [[nodiscard]] std::size_t n_threads() const noexcept { return pool_->size(); }
    [[nodiscard]] const kernel_set& kernels() const noexcept { return pass_.kernels; }
    [[nodiscard]] const std::shared_ptr<kv_pool>& cache_pool() const noexcept { return cache_pool_; }
    /// Sequences that there are now.
    std::atomic<std::size_t> n_sequences{0};

    /// Whether there are blocks for all of these tokens now.
    [[nodiscard]] bool has_room(array_view<reading> wanted) {
        const std::lock_guard turn{turns_};
        return shortage_for(wanted).n_needed == 0;
    }

    /// Reads checked tokens in as few passes as there can be; results are those of `wanted` one after the other. What
    /// ended it early: the passes before that stay read. Throws errc::ctx_full, with all as it was, where there are no
    /// blocks for all tokens.
    stop_cause read(array_view<reading> wanted, batch_results results, const stop_when& when) {
        const std::lock_guard turn{turns_};
        begin(wanted, when);
        std::size_t next = 0, done = 0;  // of `wanted`, and of the tokens of that
        while (next < wanted.size()) {
            parts_.clear();
            readers_.clear();
            std::size_t room = batch(), n_results = 0;
            while (room > 0 && next < wanted.size()) {
                const reading& from = wanted[next];
                const std::size_t n = std::min(room, from.tokens.size() - done);
                const std::size_t n_left = from.tokens.size() - done - n;  // for later passes
                const std::size_t n_here = std::min(n, from.n_results - std::min(n_left, from.n_results));
                parts_.push_back({from.tokens.subspan(done, n), &from.of->cache, n_here});
                readers_.push_back(from.of);
                room -= n;
                n_results += n_here;
                done = n_left == 0 ? 0 : done + n;
                next += n_left == 0 ? 1 : 0;
            }
            if (!run_pass(results)) return stop_.seen();
            if (results.logits) results.logits += n_results * model_.config().n_vocab;
            if (results.hidden) results.hidden += n_results * model_.config().n_embd;
        }
        return stop_cause::none;
    }

    /// Most sequences that read_joint() takes.
    [[nodiscard]] std::size_t n_joint() const noexcept { return n_joint_; }
    /// Reads a token for each of some sequences: the logits of all, valid until the next call.
    std::span<const float> read_joint(array_view<reading> wanted) {
        (void)read(wanted, {.logits = joint_logits_.data()}, {});
        return {joint_logits_.data(), wanted.size() * model_.config().n_vocab};
    }

    // A pass of one sequence in steps, for those who do something between. Other work in between makes it void; where
    // there are other sequences the first step is therefore the whole pass, so that it gets to its end.

    enum class progress { paused, complete, ended };
    struct step_result {
        progress state;
        stop_cause cause;  ///< where it ended; none: other work came between
    };

    /// Step 0 begins a pass, each further one goes on with it, with the same arguments but `when`; throws as read().
    /// The tokens are not committed: that is for the reader, who may do it with the first of them alone.
    step_result run_step(std::size_t step, const reading& one, const batch_results& results, const stop_when& when) {
        const std::lock_guard turn{turns_};
        if (step > 0 && paused_ != one.of) return {progress::ended, stop_cause::none};
        const batch_part part{one.tokens, &one.of->cache, one.n_results};
        if (step == 0) {
            begin({&one, 1}, when);
            take_blocks({&part, 1});
        } else {
            stop_.watch(when);
        }
        const std::size_t end = n_sequences > 1 ? pass_.n_steps() : step + 1;
        for (; step < end && !pass_.threads.stopped(); ++step) pass_.run_step(step, {&part, 1}, results);
        const bool is_paused = !pass_.threads.stopped() && step < pass_.n_steps();
        paused_ = is_paused ? one.of : nullptr;
        if (is_paused) return {progress::paused, stop_cause::none};
        if (!pass_.threads.stopped()) return {progress::complete, stop_cause::none};
        give_back({&part, 1});
        return {progress::ended, stop_.seen()};
    }

private:
    engine_state(const model& source, const session_options& options, std::size_t context)
        : model_(source.share()),
          context_(context),
          pool_(options.pool ? options.pool : std::make_shared<thread_pool>(n_threads_of(options))),
          cache_pool_(make_cache_pool(model_.config(), options, context)),
          n_joint_(std::min(options.sequences, batch_of(options, context))),
          joint_logits_(joint_bytes(model_.config(), n_joint_) / sizeof(float)),
          work_(make_workspace(model_, options, shape_of(options, context, pool_->size()))),
          pass_{model_.config(), model_.weights(), best_kernels(options.cpu), executor{*pool_, &stop_}, work_} {
        parts_.reserve(work_.batch);
        readers_.reserve(work_.batch);
    }

    /// Blocks that a group of layers does not have; none where n_needed is 0.
    struct shortage {
        std::size_t group, n_needed;
    };
    [[nodiscard]] shortage shortage_for(array_view<reading> wanted) const noexcept {
        for (std::size_t g = 0; g < cache_pool_->n_groups(); ++g) {
            const auto& group = cache_pool_->group_at(g);
            const bool has_window = group.window != no_window;
            if (has_window && n_sequences * group.per_sequence <= group.n_blocks) continue;  // never more than there is
            std::size_t n_blocks = 0;
            for (const reading& each : wanted) n_blocks += each.of->cache.blocks_to_take(g, each.tokens.size());
            if (n_blocks > cache_pool_->n_free(g)) return {g, n_blocks};
        }
        return {0, 0};
    }

    /// Throws unless the pool has the blocks for all of it.
    void check_room(array_view<reading> wanted) const {
        const shortage lacking = shortage_for(wanted);
        if (lacking.n_needed == 0) return;
        throw error(errc::ctx_full, "engine",
                    "at most " + std::to_string(cache_pool_->n_free(lacking.group) * attention_block) +
                        " positions more, which " +
                        (cache_pool_->group_at(lacking.group).window != no_window
                             ? "layers with a window have for " + std::to_string(cache_pool_->n_sequences()) +
                                   " sequences (option 'sequences')"
                             : "are left of those of all sequences (option 'positions')"),
                    std::to_string(lacking.n_needed * attention_block));
    }

    /// So that what follows a pass allocates nothing.
    static void make_room(sequence_state& of, std::size_t n) {
        const std::size_t needed = of.position() + n;
        if (of.tokens.capacity() >= needed) return;
        of.tokens.reserve(std::max(needed, 2 * of.tokens.capacity()));
        of.cache.reserve(of.tokens.capacity());
    }

    /// Throws unless there is room for all of it.
    void begin(array_view<reading> wanted, const stop_when& when) {
        paused_ = nullptr;
        check_room(wanted);
        for (const reading& each : wanted) make_room(*each.of, each.tokens.size());
        stop_.watch(when);
    }

    /// For the tokens of a pass. What sequences no more need, all give back before one takes.
    static void take_blocks(array_view<batch_part> parts) noexcept {
        for (const batch_part& part : parts) part.cache->forget_before(part.tokens.size());
        for (const batch_part& part : parts) part.cache->take_blocks(part.tokens.size());
    }
    /// What a pass took that came to no end.
    static void give_back(array_view<batch_part> parts) noexcept {
        for (const batch_part& part : parts) part.cache->rewind(part.cache->position());
    }

    bool run_pass(const batch_results& results) noexcept {
        take_blocks(parts_);
        if (!pass_.run(parts_, results)) {
            give_back(parts_);
            return false;
        }
        for (std::size_t i = 0; i < parts_.size(); ++i)
            readers_[i]->tokens.insert(readers_[i]->tokens.end(), parts_[i].tokens.begin(), parts_[i].tokens.end());
        return true;
    }

    model model_;
    std::size_t context_;
    std::shared_ptr<thread_pool> pool_;
    std::shared_ptr<kv_pool> cache_pool_;
    std::size_t n_joint_;
    aligned_buffer<float> joint_logits_;  // [n_joint_][n_vocab], where that is more than one
    workspace work_;
    stop_signal stop_;
    forward_pass pass_;
    const sequence_state* paused_ = nullptr;  // whose pass is under way and waits for its next step
    std::vector<batch_part> parts_;           // of the pass under way, and whose they are
    std::vector<sequence_state*> readers_;
    std::mutex turns_;
};

inline sequence_state::sequence_state(std::shared_ptr<engine_state> shared)
    : engine(std::move(shared)), cache(engine->cache_pool()) {
    ++engine->n_sequences;
}
inline sequence_state::sequence_state(const sequence_state& other)
    : engine(other.engine), cache(other.cache), tokens(other.tokens) {
    ++engine->n_sequences;
}
inline sequence_state::~sequence_state() { --engine->n_sequences; }

/// Throws unless these tokens can be read from `position` on; `where` names them in the error.
inline void check_tokens(const engine_state& engine, std::span<const token> tokens, std::size_t position,
                         const char* where) {
    if (tokens.empty()) throw error(errc::ctx_bad_size, where, "at least one token", "none");
    const std::size_t n_vocab = engine.source().config().n_vocab, context = engine.context();
    for (std::size_t i = 0; i < tokens.size(); ++i)
        if (tokens[i] < 0 || static_cast<std::size_t>(tokens[i]) >= n_vocab)
            throw error(errc::ctx_bad_token, std::string(where) + " at index " + std::to_string(i),
                        "an id from 0 to " + std::to_string(n_vocab - 1), std::to_string(tokens[i]));
    if (tokens.size() > context - position)
        throw error(errc::ctx_full, where,
                    "at most " + std::to_string(context - position) + " tokens (context " + std::to_string(context) +
                        ", position " + std::to_string(position) + ")",
                    std::to_string(tokens.size()));
}

/// Throws unless the sequence can go back to `position`.
inline void check_rewind(const kv_cache& cache, std::size_t position) {
    if (cache.keeps(position)) return;
    const std::size_t earliest = cache.earliest(), most = cache.position();
    throw error(errc::ctx_bad_range, "rewind",
                earliest == 0 ? "at most " + std::to_string(most)
                              : "0 or " + std::to_string(earliest) + " to " + std::to_string(most) +
                                    ": layers with a window keep no more",
                std::to_string(position));
}

}  // namespace detail
NIBBLE_NAMESPACE_END
