// SPDX-License-Identifier: Apache-2.0
// Definitions of generate/session.hpp: each call under the lock of the state.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/chat/template.hpp>
#include <nibble/chat/turns.hpp>
#include <nibble/core/array_view.hpp>
#include <nibble/core/error.hpp>
#include <nibble/generate/session.hpp>
#include <nibble/generate/session_file.hpp>
#include <nibble/generate/session_state.hpp>

NIBBLE_NAMESPACE_BEGIN

NIBBLE_FUNCTION session::session(const nibble::model& source, const session_options& options)
    : session(engine{source, options}) {}

NIBBLE_FUNCTION session::session(const engine& on)
    : session(std::make_shared<detail::session_state>(on.state_), with_sampling(on.plan(), on.model(), on.context())) {}

NIBBLE_FUNCTION memory_plan session::plan(const nibble::model& source, const session_options& options) {
    return with_sampling(engine::plan(source, options), source, detail::context_of(source.config(), options));
}

NIBBLE_FUNCTION const memory_plan& session::plan() const noexcept { return plan_; }

NIBBLE_FUNCTION const nibble::model& session::model() const noexcept { return state_->source(); }

NIBBLE_FUNCTION std::size_t session::context() const noexcept { return state_->context(); }

NIBBLE_FUNCTION std::size_t session::position() const noexcept { return state_->position(); }

NIBBLE_FUNCTION std::span<const token> session::tokens() const noexcept { return state_->tokens(); }

NIBBLE_FUNCTION std::size_t session::n_threads() const noexcept { return state_->n_threads(); }

NIBBLE_FUNCTION bool session::prefill(std::span<const token> tokens, const std::atomic<bool>* cancel,
                                      std::chrono::steady_clock::time_point deadline) {
    const detail::session_state::lock lock{*state_};
    state_->check_tokens(tokens, state_->position(), "tokens");
    return state_->read(tokens, {cancel, deadline});
}

NIBBLE_FUNCTION void session::prefill(std::span<const token> tokens, std::span<float> logits) {
    const detail::session_state::lock lock{*state_};
    const std::size_t n_vocab = model().config().n_vocab;
    if (logits.size() / n_vocab != tokens.size() || logits.size() % n_vocab != 0)
        throw error(errc::ctx_bad_size, "logits",
                    std::to_string(tokens.size()) + " x " + std::to_string(n_vocab) + " values",
                    std::to_string(logits.size()));
    state_->check_tokens(tokens, state_->position(), "tokens");
    (void)state_->read(tokens, {}, logits.data());
}

NIBBLE_FUNCTION void session::decode(token id) { prefill({&id, 1}); }

NIBBLE_FUNCTION std::span<const float> session::logits() const {
    const auto logits = state_->logits();
    if (logits.empty())
        throw error(errc::ctx_bad_range, "logits", "a token read since the start or the last rewind", "none");
    return logits;
}

NIBBLE_FUNCTION std::size_t session::reusable_prefix(std::span<const token> prompt) const noexcept {
    return prompt.empty() ? 0 : state_->reusable_prefix(prompt);
}

NIBBLE_FUNCTION void session::rewind(std::size_t position) {
    const detail::session_state::lock lock{*state_};
    state_->check_rewind(position);
    state_->rewind(position);
}

NIBBLE_FUNCTION session session::fork() const {
    const detail::session_state::lock lock{*state_};
    return session{std::make_shared<detail::session_state>(*state_), plan_};
}

NIBBLE_FUNCTION void session::save(const byte_sink& sink) const {
    const detail::session_state::lock lock{*state_};
    detail::write_session(*state_, nullptr, sink);
}

NIBBLE_FUNCTION session session::restore(const nibble::model& source, const gguf::file& saved,
                                         const session_options& options) {
    session restored{source, options};
    saved.naming_errors([&] { detail::session_reader{saved, *restored.state_}.read(); });
    return restored;
}

NIBBLE_FUNCTION generation session::resume(const generation_options& options) {
    const detail::session_state::lock lock{*state_};
    const auto& saved = state_->saved();
    if (!saved) throw error(errc::ctx_bad_range, "resume", "a session that was saved by a reply", "one without");
    return generation{state_, std::span{saved->text}.first(saved->n_prompt), options, &*saved};
}

NIBBLE_FUNCTION generation session::generate(std::string_view prompt, const generation_options& options) {
    return generate(model().tokenizer().encode(prompt), options);
}

NIBBLE_FUNCTION generation session::generate(std::span<const token> prompt, const generation_options& options) {
    const detail::session_state::lock lock{*state_};
    return generation{state_, prompt, options};
}

NIBBLE_FUNCTION generation session::chat(array_view<message> messages, const generation_options& options) {
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

NIBBLE_FUNCTION generation session::chat(std::initializer_list<message> messages, const generation_options& options) {
    return chat(array_view<message>{messages.begin(), messages.size()}, options);
}

NIBBLE_FUNCTION std::size_t session::prompt_tokens(array_view<message> messages, const generation_options& options) {
    const detail::session_state::lock lock{*state_};
    return encode_chat(messages, options).size();
}

NIBBLE_FUNCTION std::size_t session::fit(std::vector<message>& messages, std::size_t room,
                                         const generation_options& options) {
    const std::size_t most = context() - std::min(room, context());
    auto kept = messages;
    while (prompt_tokens(kept, options) > most && drop_oldest_turn(kept) > 0) {
    }
    const std::size_t n_dropped = messages.size() - kept.size();
    messages = std::move(kept);
    return n_dropped;
}

NIBBLE_FUNCTION std::vector<float> session::embed(std::string_view text, pooling how, const embed_options& options) {
    return embed(model().tokenizer().encode(text), how, options);
}

NIBBLE_FUNCTION std::vector<float> session::embed(std::span<const token> text, pooling how,
                                                  const embed_options& options) {
    const detail::session_state::lock lock{*state_};
    return detail::embed(*state_, text, how, options);
}

NIBBLE_FUNCTION std::vector<scored_text>
session::score(std::string_view prefix, const std::vector<std::string>& alternatives, const std::atomic<bool>* cancel) {
    const auto parts = detail::encode_alternatives(model().tokenizer(), prefix, alternatives);
    return score(parts.prefix, parts.alternatives, cancel);
}

NIBBLE_FUNCTION std::vector<scored_text> session::score(std::span<const token> prefix,
                                                        array_view<std::vector<token>> alternatives,
                                                        const std::atomic<bool>* cancel) {
    const detail::session_state::lock lock{*state_};
    return detail::score(*state_, prefix, alternatives, cancel);
}

NIBBLE_FUNCTION session::session(std::shared_ptr<detail::session_state> state, const memory_plan& plan)
    : state_(std::move(state)), plan_(plan) {}

NIBBLE_FUNCTION memory_plan session::with_sampling(memory_plan plan, const nibble::model& source, std::size_t context) {
    plan.sampling += detail::session_state::sampling_bytes(source, context);
    return plan;
}

NIBBLE_FUNCTION std::vector<token> session::encode_chat(array_view<message> messages,
                                                        const generation_options& options) {
    const bool with_tools = options.tool_choice.offered;
    const chat_template_options with{.enable_thinking = options.thinking,
                                     .keep_reasoning = options.keep_reasoning,
                                     .tools = with_tools ? options.tools : tool_list{},
                                     .python_tools = with_tools ? options.python_tools : tool_list{},
                                     .variables = options.variables,
                                     .date = options.date,
                                     .cancel = options.cancel};
    return state_->chat().encode(messages, with,
                                 [&](array_view<message> marked, const chat_template_options& marked_options) {
                                     return state_->source().apply_chat_template(marked, marked_options);
                                 });
}

NIBBLE_NAMESPACE_END
