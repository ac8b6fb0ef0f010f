// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/side_by_side.hpp: whose tokens are read in one pass.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/generate/generation.hpp>
#include <nibble/generate/session_state.hpp>
#include <nibble/generate/side_by_side.hpp>
#include <nibble/generate/token_reader.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

class side_by_side {
public:
    explicit side_by_side(array_view<generation*> replies) : locks_(replies.size()) {
        for (std::size_t i = 0; i < replies.size(); ++i) {
            generation& reply = *replies[i];
            if (reply.reason_ != finish_reason::none) continue;
            locks_[i].emplace(*reply.session_);
            reply.check_undisturbed();
        }
        for (generation* reply : replies) {
            reply->text_.begin_piece();
            if (reply->reason_ != finish_reason::none) continue;
            reply->watch();
            waiting_.push_back(reply);
        }
    }

    /// A token of every reply that has neither a piece nor an end yet, until all have.
    void advance() {
        while (!waiting_.empty()) {
            read_together();
            for (generation* reply : waiting_) {
                auto at = clock::now();
                reply->timed_step(generation::all_tokens, at);
            }
            std::erase_if(waiting_, [](const generation* reply) {
                return reply->reason_ != finish_reason::none || !reply->piece().empty();
            });
        }
    }

private:
    using clock = std::chrono::steady_clock;

    /// The tokens that replies of the same engine have to read, one each. What is more than that, such as a prompt,
    /// they read by themselves.
    void read_together() {
        std::vector<generation*> left = waiting_;
        std::erase_if(left, [](const generation* reply) { return !reply->reader_->single(); });
        while (!left.empty()) {
            engine_state& engine = *left.front()->session_->engine();
            const auto others = std::partition(left.begin(), left.end(), [&](const generation* reply) {
                return reply->session_->engine().get() == &engine;
            });
            const array_view<generation*> of_engine{left.data(), static_cast<std::size_t>(others - left.begin())};
            for (std::size_t i = 0; i < of_engine.size(); i += engine.n_joint())
                read(engine, of_engine.subspan(i, std::min(engine.n_joint(), of_engine.size() - i)));
            left.erase(left.begin(), others);
        }
    }

    void read(engine_state& engine, array_view<generation*> replies) {
        if (replies.size() < 2) return;
        const auto started = clock::now();
        readings_.clear();
        for (generation* reply : replies)
            readings_.push_back({&reply->session_->sequence(), {reply->reader_->single(), 1}, 1});
        const std::span<const float> logits = engine.read_joint(readings_);
        const std::chrono::duration<double> taken = clock::now() - started;
        const std::size_t n_vocab = logits.size() / replies.size();
        for (std::size_t i = 0; i < replies.size(); ++i) {
            replies[i]->reader_->take_single(logits.subspan(i * n_vocab, n_vocab));
            replies[i]->stats_.generation_seconds += taken.count();
        }
    }

    std::vector<std::optional<session_state::lock>> locks_;
    std::vector<generation*> waiting_;
    std::vector<reading> readings_;
};

}  // namespace detail

NIBBLE_FUNCTION void advance(array_view<generation*> replies) { detail::side_by_side{replies}.advance(); }

NIBBLE_NAMESPACE_END
