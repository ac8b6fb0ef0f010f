// SPDX-License-Identifier: Apache-2.0
// Reads what a reply goes on from, its prompt and then its own tokens, in steps that are a small part of a pass.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <nibble/core/aligned_buffer.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/drafts.hpp>
#include <nibble/generate/session_state.hpp>

NIBBLE_NAMESPACE_BEGIN
namespace detail {

/// Serves one generation. Borrows the session; whatever else is done with that ends the reading.
///
/// Guesses of how the reply goes on are read in one pass with the token before them, but the session takes each only
/// when it has come true. Until then keys and values lie behind its position(), and the logits here: a right guess
/// needs no pass of its own, a wrong one leaves nothing to undo.
class token_reader {
public:
    using progress_function = std::function<void(std::size_t done, std::size_t total)>;

    token_reader(session_state& session, const draft_options& drafting)
        : session_(&session),
          turn_(session.turn()),
          drafts_(drafting, session.n_vocab(), session.engine()->kernels().passes) {}

    /// Begins with a prompt, of checked tokens. The session keeps what it holds of it, but the last token, whose logits
    /// are needed; returns how many tokens that are.
    std::size_t start(std::span<const token> prompt) {
        const std::size_t reused = session_->reusable_prefix(prompt);
        const std::size_t most = std::min(drafts_.most(), session_->batch() - 1);
        if (most > 0) logits_ = aligned_buffer<float>{(1 + most) * session_->n_vocab()};
        drafts_.start(prompt, session_->context() + 1);
        waiting_.reserve(std::max(prompt.size() - reused, 1 + most));
        waiting_.assign(prompt.begin() + static_cast<std::ptrdiff_t>(reused), prompt.end());
        n_certain_ = waiting_.size();
        session_->rewind(reused);
        turn_ = session_->turn();
        in_prompt_ = true;
        return reused;
    }

    /// A token of the reply, to be read when another is to follow.
    void push(token id) {
        drafts_.push(id);
        if (n_certain_ < waiting_.size() && waiting_[n_certain_] == id) {
            ++n_certain_;
            ++n_accepted_;
            return;
        }
        if (n_guesses_ > 0) drafts_.note(n_guesses_, n_certain_ - 1);
        waiting_.assign(1, id);
        n_guesses_ = n_passed_ = n_taken_ = 0;
        n_certain_ = 1;
    }

    /// All is read: the session has the logits of the last token.
    [[nodiscard]] bool ready() const noexcept { return n_taken_ == n_certain_; }
    [[nodiscard]] bool in_prompt() const noexcept { return in_prompt_; }
    /// What waits has no room in the context.
    [[nodiscard]] bool is_full() const noexcept { return !ready() && session_->position() == session_->context(); }
    /// Nobody else has used the session.
    [[nodiscard]] bool undisturbed() const noexcept { return session_->turn() == turn_; }

    /// The tokens of the text that the session does not hold yet.
    [[nodiscard]] std::span<const token> unread() const noexcept {
        return std::span{waiting_}.subspan(n_taken_, n_certain_ - n_taken_);
    }

    /// Guesses so far, and those that came true.
    [[nodiscard]] std::size_t n_drafted() const noexcept { return n_drafted_; }
    [[nodiscard]] std::size_t n_accepted() const noexcept { return n_accepted_; }

    /// The token that is to be read, where it is one: for who reads it with those of others. Else null.
    [[nodiscard]] const token* single() const noexcept {
        const bool is_one = !in_prompt_ && step_ == 0 && drafts_.most() == 0 && n_taken_ < n_certain_;
        return is_one && session_->position() < session_->context() ? waiting_.data() : nullptr;
    }
    /// It has been read; these are its logits.
    void take_single(std::span<const float> logits) noexcept {
        session_->take_logits(logits);
        n_passed_ = n_taken_ = 1;
        turn_ = session_->turn();
    }

    /// A step towards ready(): one of those of a pass, over at most `batch` tokens if it begins with this step. What a
    /// stop_signal ends is the pass, nothing that was read before. `progress` is told of passes over the prompt; what
    /// it or a drafter throws costs no step.
    void step(std::size_t batch, const progress_function& progress) {
        if (n_taken_ < n_passed_) return take_guess();
        if (step_ == 0) begin_pass(std::min(batch, session_->batch()), progress);
        const auto tokens = std::span<const token>{waiting_}.subspan(n_taken_, n_in_pass_);
        const bool last = n_taken_ + n_in_pass_ == waiting_.size();
        float* logits = n_guesses_ > 0 ? logits_.data() : session_->own_logits();
        const auto state = session_->run_step(step_, tokens, last ? 1 + n_guesses_ : 0, logits);
        step_ = state == engine_state::progress::paused ? step_ + 1 : 0;
        if (state == engine_state::progress::complete) {
            n_passed_ += n_in_pass_;
            if (n_guesses_ > 0) return take_guess();
            session_->commit(tokens, last ? logits : nullptr);
            n_taken_ = n_passed_;
        }
        turn_ = session_->turn();
        if (!in_prompt_ || !ready()) return;
        in_prompt_ = false;
        report(progress);
    }

private:
    void begin_pass(std::size_t batch, const progress_function& progress) {
        if (in_prompt_) {
            report(progress);
        } else if (drafts_.most() > 0) {
            waiting_.resize(1);  // where a drafter threw
            const std::size_t room = std::min(batch, session_->context() - session_->position()) - 1;
            drafts_.guess(room, session_->stop().watched(), waiting_);
            n_guesses_ = waiting_.size() - 1;
            n_drafted_ += n_guesses_;
        }
        n_in_pass_ = std::min({batch, waiting_.size() - n_taken_, session_->context() - session_->position()});
    }

    /// The next token that is certain and has been read with others.
    void take_guess() noexcept {
        session_->commit({&waiting_[n_taken_], 1}, logits_.data() + n_taken_ * session_->n_vocab());
        ++n_taken_;
        turn_ = session_->turn();
    }

    void report(const progress_function& progress) const {
        if (progress) progress(n_taken_, waiting_.size());
    }

    session_state* session_;
    std::uint64_t turn_;  // of the session, as this reader left it
    drafts drafts_;
    aligned_buffer<float> logits_;  // [1 + guesses][n_vocab]  of a pass with guesses

    // To be read: the rest of the prompt, or the last token and guesses behind it.
    std::vector<token> waiting_;
    std::size_t n_guesses_ = 0;  // of them
    std::size_t n_certain_ = 0;  // all but the guesses, and those that came true
    std::size_t n_passed_ = 0;   // have been read
    std::size_t n_taken_ = 0;    // are part of the session
    std::size_t step_ = 0;       // of the pass that is under way; 0: none is
    std::size_t n_in_pass_ = 0;
    bool in_prompt_ = false;
    std::size_t n_drafted_ = 0, n_accepted_ = 0;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
