// SPDX-License-Identifier: Apache-2.0
// Completions of the text that is being typed: a thread that starts anew with every key.
#pragma once

#include <nibble/nibble.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// The text around the cursor.
struct cursor {
    std::string before, behind;
};

/// What might stand at the cursor. It grows while the model goes on.
struct completion {
    std::size_t edit = 0;  ///< that it belongs to; the first is 1
    std::string text;
    bool finished = false;
};

/// What the keys have cost.
struct completer_stats {
    std::size_t n_finished = 0, n_cancelled = 0;
    std::size_t tokens_read = 0, tokens_reused = 0;  // of prompts
};

class completer {
public:
    explicit completer(const nibble::model& model)
        : thread_([this, model = model.share()](const std::stop_token& stop) { serve(model, stop); }) {}

    /// On every key: whatever is being completed is out of date. Returns at once, the number of this edit.
    std::size_t edited(cursor now) {
        const std::lock_guard lock{mutex_};
        cursor_ = std::move(now);
        latest_ = {++edit_, {}, false};
        out_of_date_ = true;
        changed_.notify_all();
        return edit_;
    }

    /// For the newest edit, as far as it has come.
    [[nodiscard]] completion latest() const {
        const std::lock_guard lock{mutex_};
        return latest_;
    }
    /// Waits until it has begun, or until it is whole; an editor would look at latest() now and then.
    [[nodiscard]] completion wait_for_begin() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return latest_.finished || !latest_.text.empty(); });
        return latest_;
    }
    [[nodiscard]] completion wait() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return latest_.finished; });
        return latest_;
    }
    [[nodiscard]] completer_stats stats() const {
        const std::lock_guard lock{mutex_};
        return stats_;
    }

private:
    struct request {
        cursor at;
        std::size_t edit;
    };

    std::optional<request> next_request(std::size_t done, const std::stop_token& stop) {
        std::unique_lock lock{mutex_};
        if (!changed_.wait(lock, stop, [&] { return edit_ != done; })) return {};
        out_of_date_ = stop.stop_requested();
        return request{cursor_, edit_};
    }

    void serve(const nibble::model& model, const std::stop_token& stop) {
        const std::stop_callback cancel{stop, [this] { out_of_date_ = true; }};
        nibble::session session{model, {.context = 2048, .batch = 64}};
        std::size_t done = 0;
        while (const auto wanted = next_request(done, stop)) {
            done = wanted->edit;
            try {
                complete(session, *wanted);
            } catch (const nibble::error&) {  // the text is longer than the context: no completion
                publish(wanted->edit, {}, true);
            }
        }
    }

    /// The session holds what it has read of the last prompt, and reads on where this one differs.
    void complete(nibble::session& session, const request& wanted) {
        const auto& model = session.model();
        const auto prompt = model.tokenizer().fim() ? model.fim(wanted.at.before, wanted.at.behind)
                                                    : model.tokenizer().encode(wanted.at.before);
        auto line =
            session.generate(prompt, {.temperature = 0, .max_tokens = 24, .stop = {"\n"}, .cancel = &out_of_date_});
        for (const std::string_view piece : line) publish(wanted.edit, piece, false);
        const bool cancelled = line.reason() == nibble::finish_reason::cancelled;
        count(line.stats(), std::min(session.position(), prompt.size()), cancelled);
        if (!cancelled) publish(wanted.edit, {}, true);
    }

    void count(const nibble::generation_stats& line, std::size_t in_cache, bool cancelled) {
        const std::lock_guard lock{mutex_};
        ++(cancelled ? stats_.n_cancelled : stats_.n_finished);
        stats_.tokens_reused += line.reused_tokens;
        stats_.tokens_read += in_cache - line.reused_tokens;
    }

    void publish(std::size_t edit, std::string_view piece, bool finished) {
        const std::lock_guard lock{mutex_};
        if (latest_.edit != edit) return;
        latest_.text += piece;
        latest_.finished = finished;
        changed_.notify_all();
    }

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    cursor cursor_;
    std::size_t edit_ = 0;
    completion latest_;
    completer_stats stats_;
    std::atomic<bool> out_of_date_ = false;
    std::jthread thread_;  // last: ends before what it uses
};
