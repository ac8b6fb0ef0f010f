// SPDX-License-Identifier: Apache-2.0
// A conversation with a model: what has been read so far, and the ways to go on from there.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/chat/template.hpp>
#include <nibble/chat/turns.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/embedding.hpp>
#include <nibble/generate/engine.hpp>
#include <nibble/generate/events.hpp>
#include <nibble/generate/generation.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/scoring.hpp>
#include <nibble/generate/session_file.hpp>
#include <nibble/generate/session_state.hpp>
#include <nibble/model/model.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Owns the cache of keys and values, the memory to compute in and a sampler; keeps a share of the model. Any number
/// of sessions per model; each serves one thread at a time, and a call while another is under way is errc::ctx_busy.
/// A call that throws leaves the session as it was, unless it says otherwise. Generations keep what they
/// need of a session: it may be moved and end before them.
///
/// What has been read stays. generate() and chat() start from the longest prefix of the new prompt that the cache
/// holds: the next turn of a conversation reads only what is new. The results do not depend on it: a token gives the
/// same logits whether the tokens before it were read just now, in whatever batches, or long ago.
class session {
public:
    /// Takes all its memory. Throws errc::ctx_bad_size for a context or batch of 0 or a cache that no memory can hold,
    /// errc::out_of_memory.
    explicit session(const model& source, const session_options& options = {}) : session(engine{source, options}) {}

    /// A session on memory and threads that it shares: calls of one engine's sessions take turns. Takes n_vocab * 16
    /// and context * 4 bytes for itself.
    explicit session(const engine& on)
        : session(std::make_shared<detail::session_state>(on.state_),
                  with_sampling(on.plan(), on.model(), on.context())) {}

    /// The bytes that such a session would take.
    [[nodiscard]] static memory_plan plan(const model& source, const session_options& options = {}) {
        return with_sampling(engine::plan(source, options), source, detail::context_of(source.config(), options));
    }
    /// The bytes that this session takes, those of its engine among them.
    [[nodiscard]] const memory_plan& plan() const noexcept { return plan_; }

    [[nodiscard]] const nibble::model& model() const noexcept { return state_->source(); }
    /// Most tokens that the session can hold.
    [[nodiscard]] std::size_t context() const noexcept { return state_->context(); }
    /// Tokens that it holds.
    [[nodiscard]] std::size_t position() const noexcept { return state_->position(); }
    [[nodiscard]] std::span<const token> tokens() const noexcept { return state_->tokens(); }
    [[nodiscard]] std::size_t n_threads() const noexcept { return state_->n_threads(); }

    /// Reads tokens, after those read so far. Returns false when `cancel` was set or the deadline came: the batches
    /// read until then stay. Throws errc::ctx_bad_size for no tokens, errc::ctx_bad_token with the index,
    /// errc::ctx_full.
    bool prefill(std::span<const token> tokens, const std::atomic<bool>* cancel = nullptr,
                 std::chrono::steady_clock::time_point deadline = no_deadline) {
        const detail::session_state::lock lock{*state_};
        state_->check_tokens(tokens, state_->position(), "tokens");
        return state_->read(tokens, {cancel, deadline});
    }

    /// The same, and the logits after every token: `logits` has tokens.size() * n_vocab values, else
    /// errc::ctx_bad_size.
    void prefill(std::span<const token> tokens, std::span<float> logits) {
        const detail::session_state::lock lock{*state_};
        const std::size_t n_vocab = model().config().n_vocab;
        if (logits.size() / n_vocab != tokens.size() || logits.size() % n_vocab != 0)
            throw error(errc::ctx_bad_size, "logits",
                        std::to_string(tokens.size()) + " x " + std::to_string(n_vocab) + " values",
                        std::to_string(logits.size()));
        state_->check_tokens(tokens, state_->position(), "tokens");
        (void)state_->read(tokens, {}, logits.data());
    }

    /// Reads one token. Throws as prefill.
    void decode(token id) { prefill({&id, 1}); }

    /// n_vocab logits: what may follow the last token. Valid until the session reads again. Throws
    /// errc::ctx_bad_range when the last thing that happened was not the reading of a token.
    [[nodiscard]] std::span<const float> logits() const {
        const auto logits = state_->logits();
        if (logits.empty())
            throw error(errc::ctx_bad_range, "logits", "a token read since the start or the last rewind", "none");
        return logits;
    }

    /// Forgets the tokens from `position` on. Throws errc::ctx_bad_range beyond position(), and before what layers with
    /// a window keep: a batch and a window behind the furthest position that was read.
    void rewind(std::size_t position) {
        const detail::session_state::lock lock{*state_};
        state_->check_rewind(position);
        state_->rewind(position);
    }

    /// Another session that has read the same, for nothing: they share the blocks of keys and values that are full. Its
    /// memory is that of the engine: the options say for how many `sequences`. Throws errc::ctx_busy while this one is
    /// at work.
    [[nodiscard]] session fork() const {
        const detail::session_state::lock lock{*state_};
        return session{std::make_shared<detail::session_state>(*state_), plan_};
    }

    /// Writes what has been read, keys and values too, as a GGUF file: session_file.hpp describes it. A reply in the
    /// making is no part of it. Throws what `sink` throws; the session is then as it was.
    void save(const byte_sink& sink) const {
        const detail::session_state::lock lock{*state_};
        detail::write_session(*state_, sink);
    }
    /// A session that goes on from what was saved, bit for bit, on whatever machine. `saved` may be closed then. The
    /// options are free, but for kv_type, room for all tokens, and for models with windows or longrope context and
    /// batch, which must be as they were. Throws errc::gguf_layout for a file that holds no session, one of another
    /// model, one that was damaged, or other options; errc::ctx_bad_token, errc::ctx_full; and what the constructor
    /// throws.
    [[nodiscard]] static session restore(const nibble::model& source, const gguf::file& saved,
                                         const session_options& options = {}) {
        session restored{source, options};
        saved.naming_errors([&] { detail::session_reader{saved, *restored.state_}.read(); });
        return restored;
    }

    /// Continues a prompt. The text is encoded as the vocabulary says (with BOS where it asks for one); control tokens
    /// in it are plain text. Throws errc::sample_bad_param and errc::ctx_bad_token for the options, errc::ctx_bad_size
    /// for an empty prompt, errc::ctx_full, errc::text_too_long, and what on_progress throws: then the cache keeps
    /// what the prompts have in common.
    [[nodiscard]] generation generate(std::string_view prompt, const generation_options& options = {}) {
        return generate(model().tokenizer().encode(prompt), options);
    }
    [[nodiscard]] generation generate(std::span<const token> prompt, const generation_options& options = {}) {
        const detail::session_state::lock lock{*state_};
        return generation{state_, prompt, options};
    }

    /// Answers a conversation, rendered with the model's chat template. No text of messages, tools or variables can
    /// forge control tokens.
    /// Throws as generate, errc::tmpl_missing and what rendering throws.
    [[nodiscard]] generation chat(std::span<const message> messages, const generation_options& options = {}) {
        const detail::session_state::lock lock{*state_};
        std::vector<token> prompt;
        try {
            prompt = encode_chat(messages, options);
        } catch (const error& problem) {
            if (problem.code() != errc::tmpl_cancelled) throw;
            return generation{state_, options};
        }
        return generation{state_, prompt, options};
    }
    [[nodiscard]] generation chat(std::initializer_list<message> messages, const generation_options& options = {}) {
        return chat(std::span<const message>{messages.begin(), messages.size()}, options);
    }

    /// The tokens that chat() would read, whether they fit or not. Throws as chat() does for the conversation.
    [[nodiscard]] std::size_t prompt_tokens(std::span<const message> messages, const generation_options& options = {}) {
        const detail::session_state::lock lock{*state_};
        return encode_chat(messages, options).size();
    }

    /// Makes room in a conversation that outgrows the context: drops the oldest turns, as drop_oldest_turn() does,
    /// until chat() leaves `room` tokens for the reply, or one turn is left. Returns how many messages it has dropped.
    /// What follows them is read again by the next chat(), so that some more room at a time costs less than a little
    /// each turn. Throws as chat() does for the conversation, which is then as it was.
    std::size_t fit(std::vector<message>& messages, std::size_t room, const generation_options& options = {}) {
        const std::size_t most = context() - std::min(room, context());
        auto kept = messages;
        while (prompt_tokens(kept, options) > most && drop_oldest_turn(kept) > 0) {
        }
        const std::size_t n_dropped = messages.size() - kept.size();
        messages = std::move(kept);
        return n_dropped;
    }

    /// A text as a vector of n_embd values, or as all of its tokens' vectors; see pooling. The session then holds the
    /// text. Empty when cancelled. The text is encoded as in generate(). Throws errc::ctx_bad_size for a text without
    /// tokens, errc::ctx_bad_token, errc::ctx_full, errc::text_too_long; errc::model_bad_weights, naming the file.
    [[nodiscard]] std::vector<float> embed(std::string_view text, pooling how = pooling::mean,
                                           const embed_options& options = {}) {
        return embed(model().tokenizer().encode(text), how, options);
    }
    [[nodiscard]] std::vector<float> embed(std::span<const token> text, pooling how = pooling::mean,
                                           const embed_options& options = {}) {
        const detail::session_state::lock lock{*state_};
        return detail::embed(*state_, text, how, options);
    }

    /// How likely each of the alternatives is behind the prefix. The prefix is read once, or what the cache lacks of
    /// it, and each alternative in one pass (of up to 32 tokens); the session then holds the prefix. Empty when
    /// cancelled. Each alternative is encoded together with the prefix, as in generate(), but without EOS. Where one of
    /// them changes how the prefix ends, that end counts to all of them: scored_text::tokens has what was scored.
    /// Throws as embed() does, errc::ctx_bad_size also where no token of the prefix is the same before all
    /// alternatives.
    [[nodiscard]] std::vector<scored_text> score(std::string_view prefix, const std::vector<std::string>& alternatives,
                                                 const std::atomic<bool>* cancel = nullptr) {
        const auto parts = detail::encode_alternatives(model().tokenizer(), prefix, alternatives);
        return score(parts.prefix, parts.alternatives, cancel);
    }
    /// The same with the seam where the caller has it.
    [[nodiscard]] std::vector<scored_text> score(std::span<const token> prefix,
                                                 std::span<const std::vector<token>> alternatives,
                                                 const std::atomic<bool>* cancel = nullptr) {
        const detail::session_state::lock lock{*state_};
        return detail::score(*state_, prefix, alternatives, cancel);
    }

private:
    session(std::shared_ptr<detail::session_state> state, const memory_plan& plan)
        : state_(std::move(state)), plan_(plan) {}

    [[nodiscard]] static memory_plan with_sampling(memory_plan plan, const nibble::model& source, std::size_t context) {
        plan.sampling += detail::session_state::sampling_bytes(source, context);
        return plan;
    }

    [[nodiscard]] std::vector<token> encode_chat(std::span<const message> messages, const generation_options& options) {
        const bool with_tools = options.tool_choice.offered;
        const chat_template_options with{.enable_thinking = options.thinking,
                                         .keep_reasoning = options.keep_reasoning,
                                         .tools = with_tools ? options.tools : tool_list{},
                                         .python_tools = with_tools ? options.python_tools : tool_list{},
                                         .variables = options.variables,
                                         .date = options.date,
                                         .cancel = options.cancel};
        return state_->chat().encode(messages, with,
                                     [&](std::span<const message> marked, const chat_template_options& marked_options) {
                                         return state_->source().apply_chat_template(marked, marked_options);
                                     });
    }

    std::shared_ptr<detail::session_state> state_;  // with its generations
    memory_plan plan_;
};

NIBBLE_NAMESPACE_END
