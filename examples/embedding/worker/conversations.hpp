// SPDX-License-Identifier: Apache-2.0
// Many conversations at once on one engine, each getting on as fast as the others.
#pragma once

#include <nibble/nibble.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <queue>
#include <string>
#include <utility>
#include <vector>

/// A question and what has become of it.
struct job {
    std::size_t number = 0;
    std::string question, answer = {};
    std::size_t began = 0, ended = 0;  ///< in rounds
};

/// Up to `most` conversations are under way at a time, the others wait their turn. A round gives a piece of text to
/// each, read in the same passes over the weights: eight conversations take little more time than two. Of those that
/// wait, one is taken in a round, so that no conversation waits for more than one prompt that is not its own.
class conversations {
public:
    conversations(const nibble::model& model, std::size_t most, std::function<void(const job&)> on_answer)
        : engine_(model, {.context = 512, .batch = 64, .sequences = most}),
          most_(most),
          on_answer_(std::move(on_answer)) {}

    void add(job next) { waiting_.push(std::move(next)); }

    /// Returns false when there is nothing left to do.
    bool round() {
        ++n_rounds_;
        if (!waiting_.empty() && active_.size() < most_) admit();
        advance();
        return !active_.empty() || !waiting_.empty();
    }

    [[nodiscard]] std::size_t n_rounds() const { return n_rounds_; }
    [[nodiscard]] std::size_t n_active() const { return active_.size(); }

private:
    struct conversation {
        job work;
        nibble::session session;
        nibble::generation reply;
    };
    using position = std::list<conversation>::iterator;

    /// A session that is done serves the next conversation.
    nibble::session take_session() {
        if (idle_.empty()) return nibble::session{engine_};
        auto session = std::move(idle_.front());
        idle_.pop();
        return session;
    }

    /// A question that cannot be answered is answered with the reason.
    void admit() {
        job next = std::move(waiting_.front());
        waiting_.pop();
        next.began = next.ended = n_rounds_;
        auto session = take_session();
        try {
            auto reply = session.chat({{nibble::role::user, next.question}},
                                      {.temperature = 0, .max_tokens = 100, .thinking = false});
            active_.push_back({std::move(next), std::move(session), std::move(reply)});
        } catch (const nibble::error& problem) {
            next.answer = problem.what();
            on_answer_(next);
            idle_.push(std::move(session));
        }
    }

    void advance() {
        std::vector<nibble::generation*> replies;
        for (conversation& each : active_) replies.push_back(&each.reply);
        nibble::advance(replies);
        for (auto each = active_.begin(); each != active_.end();) each = take_piece(each);
    }

    position take_piece(position each) {
        auto& [work, session, reply] = *each;
        if (!reply.piece().empty()) {
            work.answer += reply.piece();
            return std::next(each);
        }
        work.ended = n_rounds_;
        on_answer_(work);
        idle_.push(std::move(session));
        return active_.erase(each);
    }

    nibble::engine engine_;
    std::size_t most_;
    std::function<void(const job&)> on_answer_;
    std::queue<job> waiting_;
    std::list<conversation> active_;
    std::queue<nibble::session> idle_;
    std::size_t n_rounds_ = 0;
};
