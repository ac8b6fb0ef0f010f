// SPDX-License-Identifier: Apache-2.0
// A conversation with a model: what has been read so far, and the ways to go on from there.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/chat/message.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/stop.hpp>
#include <nibble/core/token.hpp>
#include <nibble/generate/arg_max.hpp>
#include <nibble/generate/embedding.hpp>
#include <nibble/generate/engine.hpp>
#include <nibble/generate/events.hpp>
#include <nibble/generate/generation.hpp>
#include <nibble/generate/options.hpp>
#include <nibble/generate/scoring.hpp>
#include <nibble/generate/session_options.hpp>
#include <nibble/gguf/file.hpp>
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
    explicit session(const model& source, const session_options& options = {});

    /// A session on memory and threads that it shares: calls of one engine's sessions take turns. Takes n_vocab * 16
    /// and context * 4 bytes for itself.
    explicit session(const engine& on);

    /// The bytes that such a session would take.
    [[nodiscard]] static memory_plan plan(const model& source, const session_options& options = {});
    /// The bytes that this session takes, those of its engine among them.
    [[nodiscard]] const memory_plan& plan() const noexcept;

    [[nodiscard]] const nibble::model& model() const noexcept;
    /// Most tokens that the session can hold.
    [[nodiscard]] std::size_t context() const noexcept;
    /// Tokens that it holds.
    [[nodiscard]] std::size_t position() const noexcept;
    [[nodiscard]] std::span<const token> tokens() const noexcept;
    [[nodiscard]] std::size_t n_threads() const noexcept;

    /// Reads tokens, after those read so far. Returns false when `cancel` was set or the deadline came: the batches
    /// read until then stay. Throws errc::ctx_bad_size for no tokens, errc::ctx_bad_token with the index,
    /// errc::ctx_full.
    bool prefill(std::span<const token> tokens, const std::atomic<bool>* cancel = nullptr,
                 std::chrono::steady_clock::time_point deadline = no_deadline);

    /// The same, and the logits after every token: `logits` has tokens.size() * n_vocab values, else
    /// errc::ctx_bad_size.
    void prefill(std::span<const token> tokens, std::span<float> logits);

    /// Reads one token. Throws as prefill.
    void decode(token id);

    /// n_vocab logits: what may follow the last token. Valid until the session reads again. Throws
    /// errc::ctx_bad_range when the last thing that happened was not the reading of a token.
    [[nodiscard]] std::span<const float> logits() const;

    /// Tokens at the start of `prompt`, but for its last, that the session holds and can go back to: those that
    /// generate() does not read again.
    [[nodiscard]] std::size_t reusable_prefix(std::span<const token> prompt) const noexcept;
    /// Forgets the tokens from `position` on. Throws errc::ctx_bad_range beyond position(), and before what layers with
    /// a window keep: a batch and a window behind the furthest position that was read.
    void rewind(std::size_t position);

    /// Another session that has read the same, for nothing: they share the blocks of keys and values that are full. Its
    /// memory is that of the engine: the options say for how many `sequences`. Throws errc::ctx_busy while this one is
    /// at work.
    [[nodiscard]] session fork() const;

    /// Writes what has been read, keys and values too, as a GGUF file: session_file.hpp describes it. A reply in the
    /// making is no part of it: generation::save() writes both. Throws what `sink` throws; the session is then as it
    /// was.
    void save(const byte_sink& sink) const;
    /// A session that goes on from what was saved, bit for bit, on whatever machine. `saved` may be closed then. The
    /// options are free, but for kv_type, room for all tokens, and for models with windows or longrope context and
    /// batch, which must be as they were. Throws errc::gguf_layout for a file that holds no session, one of another
    /// model, one that was damaged, or other options; errc::ctx_bad_token, errc::ctx_full; and what the constructor
    /// throws.
    [[nodiscard]] static session restore(const nibble::model& source, const gguf::file& saved,
                                         const session_options& options = {});

    /// Goes on with the reply that was saved in the file that this session was restored from. With the options that it
    /// had it becomes, bit for bit, what it would have been; its text begins with what there was of it, which is no
    /// piece any more and has no log-probabilities. Throws as generate() does; errc::ctx_bad_range where no reply was
    /// saved.
    [[nodiscard]] generation resume(const generation_options& options = {});

    /// Continues a prompt. The text is encoded as the vocabulary says (with BOS where it asks for one); control tokens
    /// in it are plain text. Throws errc::sample_bad_param and errc::ctx_bad_token for the options, errc::ctx_bad_size
    /// for an empty prompt, errc::ctx_full, errc::text_too_long, and what on_progress throws: then the cache keeps
    /// what the prompts have in common.
    [[nodiscard]] generation generate(std::string_view prompt, const generation_options& options = {});
    [[nodiscard]] generation generate(std::span<const token> prompt, const generation_options& options = {});

    /// Answers a conversation, rendered with the model's chat template. No text of messages, tools or variables can
    /// forge control tokens.
    /// Throws as generate, errc::tmpl_missing and what rendering throws.
    [[nodiscard]] generation chat(array_view<message> messages, const generation_options& options = {});
    [[nodiscard]] generation chat(std::initializer_list<message> messages, const generation_options& options = {});

    /// The tokens that chat() would read, whether they fit or not. Throws as chat() does for the conversation.
    [[nodiscard]] std::size_t prompt_tokens(array_view<message> messages, const generation_options& options = {});

    /// Makes room in a conversation that outgrows the context: drops the oldest turns, as drop_oldest_turn() does,
    /// until chat() leaves `room` tokens for the reply, or one turn is left. Returns how many messages it has dropped.
    /// What follows them is read again by the next chat(), so that some more room at a time costs less than a little
    /// each turn. Throws as chat() does for the conversation, which is then as it was.
    std::size_t fit(std::vector<message>& messages, std::size_t room, const generation_options& options = {});

    /// A text as a vector of n_embd values, or as all of its tokens' vectors; see pooling. The session then holds the
    /// text. Empty when cancelled. The text is encoded as in generate(). Throws errc::ctx_bad_size for a text without
    /// tokens, errc::ctx_bad_token, errc::ctx_full, errc::text_too_long; errc::model_bad_weights, naming the file.
    [[nodiscard]] std::vector<float> embed(std::string_view text, pooling how = pooling::mean,
                                           const embed_options& options = {});
    [[nodiscard]] std::vector<float> embed(std::span<const token> text, pooling how = pooling::mean,
                                           const embed_options& options = {});

    /// How likely each of the alternatives is behind the prefix. The prefix is read once, or what the cache lacks of
    /// it, and then up to 32 tokens of alternatives at once: of as many as have room in the memory beside the session,
    /// a block of 128 positions each. The session then holds the prefix. Empty when cancelled. Each alternative is
    /// encoded together with the prefix, as in generate(), but without EOS. Where one of them changes how the prefix
    /// ends, that end counts to all of them: scored_text::tokens has what was scored. Throws as embed() does,
    /// errc::ctx_bad_size also where no token of the prefix is the same before all alternatives.
    [[nodiscard]] std::vector<scored_text> score(std::string_view prefix, const std::vector<std::string>& alternatives,
                                                 const std::atomic<bool>* cancel = nullptr);
    /// The same with the seam where the caller has it.
    [[nodiscard]] std::vector<scored_text> score(std::span<const token> prefix,
                                                 array_view<std::vector<token>> alternatives,
                                                 const std::atomic<bool>* cancel = nullptr);

private:
    session(std::shared_ptr<detail::session_state> state, const memory_plan& plan);

    [[nodiscard]] static memory_plan with_sampling(memory_plan plan, const nibble::model& source, std::size_t context);

    [[nodiscard]] std::vector<token> encode_chat(array_view<message> messages, const generation_options& options);

    std::shared_ptr<detail::session_state> state_;  // with its generations
    memory_plan plan_;
};

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/session_impl.hpp>
#endif
