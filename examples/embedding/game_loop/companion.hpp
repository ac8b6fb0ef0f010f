// SPDX-License-Identifier: Apache-2.0
// Somebody in the game who talks: the model on a thread of its own, and two mailboxes between it and the game.
#pragma once

#include "background.hpp"

#include <nibble/nibble.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// Text from one thread to another. The lock is held for the time of a move or an append, never while somebody
/// computes.
class mailbox {
public:
    /// For the game: what has come, if the lock is free. Where it is not, the next frame asks again.
    std::string try_take() {
        const std::unique_lock lock{mutex_, std::try_to_lock};
        return lock ? std::exchange(text_, {}) : std::string{};
    }
    /// For the game: puts the text in, if the lock is free.
    bool try_put(std::string_view text) {
        const std::unique_lock lock{mutex_, std::try_to_lock};
        if (!lock) return false;
        text_ += text;
        filled_.notify_one();
        return true;
    }

    /// For the thread of the model, which may wait.
    void put(std::string_view text) {
        const std::lock_guard lock{mutex_};
        text_ += text;
    }
    /// The same; nothing when the thread is to stop.
    std::optional<std::string> take(const std::stop_token& stop) {
        std::unique_lock lock{mutex_};
        if (!filled_.wait(lock, stop, [this] { return !text_.empty(); })) return {};
        return std::exchange(text_, {});
    }

private:
    std::mutex mutex_;
    std::condition_variable_any filled_;
    std::string text_;
};

class companion {
public:
    explicit companion(const nibble::model& model)
        : thread_([this, model = model.share()](const std::stop_token& stop) { live(model, stop); }) {}

    // --- for the game: each returns at once

    /// False while the last question is not answered, and where this one has to be asked again in the next frame.
    bool ask(std::string_view question) {
        if (talking_.exchange(true)) return false;
        const bool asked = questions_.try_put(question);
        if (!asked) talking_ = false;
        return asked;
    }
    /// What was said since the last call.
    std::string hear() { return said_.try_take(); }
    /// False once everything that was said can be heard.
    [[nodiscard]] bool is_talking() const { return talking_; }
    /// The player walks away.
    void hush() { hushed_ = true; }

private:
    void live(const nibble::model& model, const std::stop_token& stop) {
        const std::stop_callback silence{stop, [this] { hushed_ = true; }};
        go_to_background();
        try {
            model.warm_up({}, &hushed_);  // the weights come from disk now, and not with the first question
            const unsigned n_threads = std::max(nibble::available_threads(), 2u) - 1;  // one core is the game's
            nibble::session session{
                model, {.context = 1024, .pool = std::make_shared<nibble::thread_pool>(n_threads, [](unsigned) {
                                             go_to_background();
                                         })}};
            std::vector<nibble::message> talk;
            while (const auto question = questions_.take(stop)) {
                hushed_ = stop.stop_requested();
                answer(session, talk, *question);
                talking_ = false;
            }
        } catch (const nibble::error& problem) {
            said_.put(problem.what());
            talking_ = false;
        }
    }

    void answer(nibble::session& session, std::vector<nibble::message>& talk, const std::string& question) {
        constexpr std::size_t longest = 200;
        talk.push_back({nibble::role::user, question});
        session.fit(talk, longest);
        auto reply =
            session.chat(talk, {.temperature = 0, .max_tokens = longest, .cancel = &hushed_, .thinking = false});
        for (const std::string_view piece : reply) said_.put(piece);
        talk.push_back({nibble::role::assistant, std::string{reply.text()}});
    }

    mailbox questions_, said_;
    std::atomic<bool> hushed_ = false, talking_ = false;
    std::jthread thread_;  // last: ends before what it uses
};
